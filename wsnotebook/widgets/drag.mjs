// drag(): the way of a pointer from its press on an element to its release, wherever it goes.

/** Follow the pointer of a `pointerdown` event on an element: `onMove(event)` is called with each move, `onEnd()` when it is released or lost. */
export function drag(element, { pointerId }, onMove, onEnd) {
  element.setPointerCapture(pointerId);
  element.addEventListener("pointermove", onMove);
  element.addEventListener("lostpointercapture", () => {
    element.removeEventListener("pointermove", onMove);
    onEnd();
  }, { once: true });
}
