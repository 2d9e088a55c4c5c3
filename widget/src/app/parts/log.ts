// The list of messages: loaded for the first message.

export { plainText } from "../../markdown/index";
export { css } from "../styles/conversation.css";
export { createMessageList } from "../ui/message-list";
