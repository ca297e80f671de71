// Keys that are typed in a widget are the widget's: the notebook around it hears none of them.

/** Keep the keys of an element's controls.
 *  JupyterLab listens on the document, where a stopped key does not come; there `d d` deletes the cell that holds the
 *  focused button. Notebook 7 listens before the element does, and asks the focused control first for the attribute: on
 *  the element around it, it would come too late. */
export function keepKeys(element) {
  for (const type of ["keydown", "keypress", "keyup"])
    element.addEventListener(type, (event) => event.stopPropagation());
  element.addEventListener("focusin", (event) => { event.target.dataset.lmSuppressShortcuts = "true"; });
}
