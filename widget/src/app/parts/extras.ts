// What a site may switch on: loaded with the app if it has.

export { css } from "../styles/extras.css";
export { addExtras } from "../ui/extras";
