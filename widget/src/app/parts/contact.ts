// The contact form: loaded with the app if the widget asks for contact details.

export { css } from "../styles/contact.css";
export { createContactForm } from "../ui/contact";
