// Buttons, cards and forms of messages: loaded for the first message that has some.

export { css } from "../styles/offer.css";
export { createOffer } from "../ui/offer";
