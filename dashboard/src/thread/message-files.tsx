// The files of a message: their code is loaded with the first one.

import { useEffect, useRef } from "preact/hooks";
import type { MessageFile } from "../../../workerd/api/openapi/openapi";
import { loadFiles } from "../files";

interface MessageFilesProps {
	readonly files: readonly MessageFile[];
	/** Reads the message again, for new addresses. */
	readonly renew: () => void;
}

export function MessageFiles({ files, renew }: MessageFilesProps) {
	const box = useRef<HTMLDivElement>(null);
	// Each reading of a message has other addresses, which does not concern what is shown.
	const which = files.map(({ id }) => id).join();
	useEffect(() => {
		let isOver = false;
		loadFiles().then(
			({ show }) => {
				if (!isOver) box.current?.replaceChildren(show(files, renew));
			},
			() => {},
		);
		return () => {
			isOver = true;
		};
	}, [which]);
	return <div class="message-files" ref={box} />;
}
