// What a reply is based on: loaded for the first reply that cites something.

export { css } from "../styles/sources.css";
export { createSources } from "../ui/sources";
