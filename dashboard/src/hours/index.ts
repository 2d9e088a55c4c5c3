// The fields of working hours: code, texts and styles are loaded when a form shows them.

import { page } from "../area";
import styles from "./hours.css?link";
import type { HoursFieldsProps } from "./hours-fields";
import { t as texts } from "./texts";

export { toForm, toServer, usualHours } from "./week";

export const HoursFields = page<HoursFieldsProps>(
	{ styles, texts },
	async () => (await import("./hours-fields")).HoursFields,
);
