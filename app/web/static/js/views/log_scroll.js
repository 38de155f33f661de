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
  const look = () => {
    atEnd = box.scrollHeight - box.scrollTop - box.clientHeight < END_PX;
    moved();
  };
  const toEnd = () => {
    box.scrollTop = box.scrollHeight;
    look();
  };
  /**
   * @param {() => void} change to what is in the box
   * @param {Iterable<HTMLElement>} marks some of which stay in it, in their order
   */
  const keep = (change, marks) => {
    const { top } = box.getBoundingClientRect();
    const mark = atEnd ? null : [...marks].find((each) => each.getBoundingClientRect().bottom > top);
    const before = mark?.getBoundingClientRect().top ?? 0;
    change();
    if (atEnd) box.scrollTop = box.scrollHeight;
    else if (mark?.isConnected) box.scrollTop += mark.getBoundingClientRect().top - before;
    look();
  };
  const resized = new ResizeObserver(() => (atEnd ? toEnd() : look()));
  resized.observe(box);
  scope.listen(box, "scroll", look);
  scope.add(() => resized.disconnect());
  return {
    get atEnd() {
      return atEnd;
    },
    /** Somebody reads in the middle from now on. */
    leaveEnd: () => (atEnd = false),
    toEnd,
    keep,
  };
}
