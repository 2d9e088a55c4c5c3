// The button for files: loaded when the chat opens, if visitors may send some.

export { css } from "../styles/attach.css";
export { addAttaching } from "../ui/attach";
