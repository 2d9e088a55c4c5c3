// The list of messages: loaded for the first message.

export { css } from "../styles/conversation.css";
export { createMessageList } from "../ui/message-list";
export { createNews } from "../ui/news";
