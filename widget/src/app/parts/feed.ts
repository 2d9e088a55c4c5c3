// Streams and polls: loaded where a WebSocket does not work.

export { openFeed } from "../net/feed";
