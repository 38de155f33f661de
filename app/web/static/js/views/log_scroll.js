// @ts-check
/** @import { Scope } from "../lib/scope.js" */

/** So near to the end that what comes next is to be seen. */
const END_PX = 48;

/**
 * Where somebody is in what scrolls: who is at the end stays there, and what is being read stays where it is.
 * @param {HTMLElement} box
 * @param {{ scope: Scope, moved: () => void }} options `moved`: somebody, or the box's size, has moved what is in sight
 */
export function logScroll(box, { scope, moved }) {
  let atEnd = true;
  /** What somebody was led to stays in sight, whatever comes around it, until they scroll by themselves.
   * @type {HTMLElement | null} */
  let goal = null;
  const look = () => {
    atEnd = goal === null && box.scrollHeight - box.scrollTop - box.clientHeight < END_PX;
    moved();
  };
  const toEnd = () => {
    goal = null;
    box.scrollTop = box.scrollHeight;
    look();
  };
  /**
   * @param {() => void} change to what is in the box
   * @param {Iterable<HTMLElement>} marks some of which stay in it, in their order
   */
  const keep = (change, marks) => {
    const { top } = box.getBoundingClientRect();
    const mark = atEnd ? null : goal?.isConnected ? goal : [...marks].find((each) => each.getBoundingClientRect().bottom > top);
    const before = mark?.getBoundingClientRect().top ?? 0;
    change();
    if (atEnd) box.scrollTop = box.scrollHeight;
    else if (mark?.isConnected) box.scrollTop += mark.getBoundingClientRect().top - before;
    look();
  };
  const show = () => goal?.scrollIntoView({ block: "center" });
  const resized = new ResizeObserver(() => {
    if (atEnd) return toEnd();
    show();
    look();
  });
  resized.observe(box);
  ["wheel", "touchmove", "pointerdown", "keydown"].forEach((type) => scope.listen(box, type, () => (goal = null)));
  scope.listen(box, "scroll", look);
  scope.add(() => resized.disconnect());
  return {
    get atEnd() {
      return atEnd;
    },
    /** Somebody reads in the middle from now on. @param {HTMLElement} node */
    goTo: (node) => {
      goal = node;
      atEnd = false;
      show();
    },
    toEnd,
    keep,
  };
}
