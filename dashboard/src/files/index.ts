// The code of files, loaded for the first message with files, and for the first file that an operator sends.

import { loadArea } from "../area";
import styles from "./files.css?link";
import { t } from "./texts";

type Files = typeof import("./files");

let loading: Promise<Files> | null = null;

/** Tries again after a failure. */
export function loadFiles(): Promise<Files> {
	loading ??= loadArea<Files>({ styles, texts: t }, () => import("./files")).catch(
		(error: unknown) => {
			loading = null;
			throw error;
		},
	);
	return loading;
}
