// For a bad network: streams and polls where a WebSocket does not work, and the search for the reason why the widget's
// settings could not be loaded.

export { openFeed } from "../net/feed";
export { fetchRecord } from "../record";
