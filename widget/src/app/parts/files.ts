// Files in messages: loaded for the first one.

export { css } from "../../files/files.css";
export { addFiles, showFiles } from "../ui/files";
