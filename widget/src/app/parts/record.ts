// The search for the reason why the widget's settings could not be loaded.

export { fetchRecord } from "../record";
