// Takes files by a click or a drop, and sends them one after the other. The server has a file when its row says so.

import { useEffect, useRef, useState } from "preact/hooks";
import { useDesk } from "../api/desk";
import { ApiError } from "../api/errors";
import { describe } from "../text/describe";
import { formatNumber } from "../text/texts";
import { Button, IconButton } from "../ui/button";
import { Icon } from "../ui/icon";
import { t } from "./texts";
import { FILE_TYPES, typeOfFile } from "./words";

/** The server's own limit. */
const BYTES_MAX = 20 * 1024 * 1024;
const ACCEPT = Array.from(FILE_TYPES.keys(), (end) => `.${end}`).join(",");

interface Upload {
	readonly id: number;
	readonly name: string;
	readonly state: "waiting" | "sending" | "failed";
	readonly problem: string;
}

let nextId = 1;

/** Why a file need not be sent at all; empty: it can be. */
function problemOf(file: File): string {
	if (typeOfFile(file.name) === undefined) return t("uploadType");
	if (file.size > BYTES_MAX) return t("uploadSize");
	return file.size === 0 ? t("uploadEmpty") : "";
}

export function UploadBox({ sourceId }: { readonly sourceId: string }) {
	const { api } = useDesk();
	const [uploads, setUploads] = useState<readonly Upload[]>([]);
	/** Of the files since the last time that none was on its way. */
	const [sent, setSent] = useState(0);
	const pending = uploads.filter(({ state }) => state !== "failed").length;
	const [isOver, setOver] = useState(false);
	const picker = useRef<HTMLInputElement>(null);
	/** Files are sent one after the other, also those of a second drop. */
	const queue = useRef(Promise.resolve());

	function change(id: number, what: Partial<Upload> | null) {
		setUploads((all) =>
			what === null
				? all.filter((one) => one.id !== id)
				: all.map((one) => (one.id === id ? { ...one, ...what } : one)),
		);
	}

	async function send(id: number, file: File) {
		change(id, { state: "sending" });
		try {
			await api.put("/v1/admin/sources/{sourceId}/content", {
				path: { sourceId },
				query: { url: file.name },
				content: new Blob([file], { type: typeOfFile(file.name) ?? "" }),
			});
			change(id, null);
			setSent((count) => count + 1);
		} catch (reason) {
			const error = ApiError.from(reason);
			change(id, {
				state: "failed",
				problem: Object.values(error.fields)[0] ?? describe(error),
			});
		}
	}

	// Closing the page would lose those that are not sent yet.
	useEffect(() => {
		if (pending === 0) return;
		const ask = (event: BeforeUnloadEvent) => event.preventDefault();
		addEventListener("beforeunload", ask);
		return () => removeEventListener("beforeunload", ask);
	}, [pending === 0]);

	function add(files: Iterable<File>) {
		if (pending === 0) setSent(0);
		for (const file of files) {
			const id = nextId++;
			const problem = problemOf(file);
			const state = problem === "" ? "waiting" : "failed";
			setUploads((all) => [...all, { id, name: file.name, state, problem }]);
			if (problem === "") queue.current = queue.current.then(() => send(id, file));
		}
	}

	return (
		<section class="upload">
			<fieldset
				aria-label={t("uploadText")}
				class={isOver ? "upload-box upload-over" : "upload-box"}
				onDragOver={(event) => {
					event.preventDefault();
					setOver(true);
				}}
				onDragLeave={() => setOver(false)}
				onDrop={(event) => {
					event.preventDefault();
					setOver(false);
					add(event.dataTransfer?.files ?? []);
				}}
			>
				<Icon name="book" />
				<p>{t("uploadText")}</p>
				<p class="quiet">{t("uploadHint")}</p>
				<input
					ref={picker}
					type="file"
					hidden
					multiple
					accept={ACCEPT}
					onChange={(event) => {
						add(event.currentTarget.files ?? []);
						event.currentTarget.value = "";
					}}
				/>
				<Button icon="plus" onClick={() => picker.current?.click()}>
					{t("uploadChoose")}
				</Button>
			</fieldset>
			<p class="upload-sum" role="status">
				{sent + pending > 0 && t("uploadSum", { count: sent, total: formatNumber(sent + pending) })}
			</p>
			<ul class="uploads">
				{uploads.map(({ id, name, state, problem }) => (
					<li class="upload-file" key={id}>
						<span class="upload-name">{name}</span>
						{state === "failed" ? (
							<>
								<span class="field-error">{problem}</span>
								<IconButton
									name="close"
									label={t("uploadForget", { name })}
									onClick={() => change(id, null)}
								/>
							</>
						) : (
							<span class="quiet">{t(state === "sending" ? "uploading" : "uploadQueued")}</span>
						)}
					</li>
				))}
			</ul>
		</section>
	);
}
