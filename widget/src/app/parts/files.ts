// Files in messages: loaded for the first one.

export { css } from "../../files/files.css";
export { addFiles, forgetFiles, showAdvice, showFiles } from "../ui/files";
