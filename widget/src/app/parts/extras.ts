// What a site may switch on: loaded with the app if it has.

export { css } from "../styles/teaser.css";
export { giveNotice } from "../ui/notice";
export { createTeaser } from "../ui/teaser";
