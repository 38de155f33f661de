// @ts-check

/**
 * @typedef {object} Voice one note of a sound
 * @property {OscillatorType} wave
 * @property {number} hz
 * @property {number} at seconds from the start
 * @property {number} length seconds until it has died away
 * @property {number} [loud] 0 to 1
 * @property {number} [toHz] where the pitch glides to
 */

/** @type {Record<string, Voice[]>} */
const VOICES = {
  sino: [
    { wave: "sine", hz: 880, at: 0, length: 1.1 },
    { wave: "sine", hz: 2200, at: 0, length: 0.6, loud: 0.35 },
    { wave: "sine", hz: 3520, at: 0, length: 0.3, loud: 0.15 },
  ],
  gota: [
    { wave: "sine", hz: 520, toHz: 1250, at: 0, length: 0.12 },
    { wave: "sine", hz: 700, toHz: 1500, at: 0.13, length: 0.1, loud: 0.5 },
  ],
  moeda: [
    { wave: "square", hz: 988, at: 0, length: 0.09, loud: 0.3 },
    { wave: "square", hz: 1319, at: 0.08, length: 0.45, loud: 0.3 },
  ],
  acorde: [
    { wave: "triangle", hz: 523.25, at: 0, length: 0.8, loud: 0.6 },
    { wave: "triangle", hz: 659.25, at: 0.07, length: 0.8, loud: 0.6 },
    { wave: "triangle", hz: 783.99, at: 0.14, length: 0.9, loud: 0.6 },
  ],
  pulso: [
    { wave: "sine", hz: 196, at: 0, length: 0.16 },
    { wave: "sine", hz: 196, at: 0.2, length: 0.22, loud: 0.8 },
  ],
  madeira: [
    { wave: "triangle", hz: 820, toHz: 560, at: 0, length: 0.07 },
    { wave: "triangle", hz: 620, toHz: 420, at: 0.11, length: 0.09 },
  ],
};

/** @type {AudioContext | null} */
let context = null;

/**
 * Browsers let a page sound only after the person did something on it.
 * @param {() => void} ready called once, when they have
 */
export function unlock(ready) {
  const gestures = ["pointerdown", "keydown"];
  const first = () => {
    gestures.forEach((name) => removeEventListener(name, first, true));
    context ??= new AudioContext();
    // A gesture is the leave to make sounds; a machine whose audio starts late plays what waits for it.
    context.resume().catch(() => undefined);
    ready();
  };
  gestures.forEach((name) => addEventListener(name, first, true));
}

/**
 * @param {string} sound
 * @param {number} volume 0 to 1
 */
export function play(sound, volume) {
  if (!context) return;
  const out = context.createGain();
  out.gain.value = volume * 0.4;
  out.connect(context.destination);
  const start = context.currentTime + 0.02;
  for (const voice of VOICES[sound] ?? []) sing(context, out, start, voice);
}

/**
 * @param {AudioContext} audio
 * @param {AudioNode} out
 * @param {number} start
 * @param {Voice} voice
 */
function sing(audio, out, start, { wave, hz, toHz, at, length, loud = 1 }) {
  const from = start + at;
  const tone = audio.createOscillator();
  const swell = audio.createGain();
  tone.type = wave;
  tone.frequency.setValueAtTime(hz, from);
  if (toHz) tone.frequency.exponentialRampToValueAtTime(toHz, from + length);
  swell.gain.setValueAtTime(0.0001, from);
  swell.gain.exponentialRampToValueAtTime(loud, from + 0.008);
  swell.gain.exponentialRampToValueAtTime(0.0001, from + length);
  tone.connect(swell).connect(out);
  tone.start(from);
  tone.stop(from + length + 0.02);
}
