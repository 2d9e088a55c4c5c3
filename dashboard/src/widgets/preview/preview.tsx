// The widget as visitors will see it, with what the form has now.

import { useEffect, useRef, useState } from "preact/hooks";
import { language as ours } from "../../text/language";
import { IconButton } from "../../ui/button";
import { Segments } from "../../ui/field";
import type { WidgetValue } from "../form-value";
import { LANGUAGE_CODES, languageName } from "../languages";
import { isColor } from "../rules";
import { t } from "../texts";
import { recordOf } from "./record";
import { openPreviewSite, type PreviewSite } from "./site";

/** The screens that the frame has, in pixels; the page is scaled to fit. Wide enough that the chat is no sheet. */
const SCREENS = { page: [560, 720], phone: [375, 720] } as const;
/** After the last key. */
const PAUSE_MS = 250;

/** How much smaller the frame is shown so that it fits into its box. */
function useScale(width: number) {
	const box = useRef<HTMLDivElement>(null);
	const [room, setRoom] = useState(width);
	useEffect(() => {
		if (!box.current) return;
		const watch = new ResizeObserver(([entry]) => {
			if (entry && entry.contentRect.width > 0) setRoom(entry.contentRect.width);
		});
		watch.observe(box.current);
		return () => watch.disconnect();
	}, []);
	return { box, scale: Math.min(1, room / width) };
}

export function Preview({ value }: { readonly value: WidgetValue }) {
	const [site, setSite] = useState<PreviewSite | null>(null);
	const isStarted = useRef(false);
	const [screen, setScreen] = useState<keyof typeof SCREENS>("page");
	const [isOpen, setOpen] = useState(true);
	const [language, setLanguage] = useState<string>(ours);
	const [round, setRound] = useState(0);
	const [width, height] = SCREENS[screen];
	const { box, scale } = useScale(width);
	const areColorsValid = isColor(value.primary_color) && isColor(value.text_color);
	const record = JSON.stringify(recordOf(value));

	useEffect(() => {
		// While somebody types a colour, the last valid one stays.
		if (!site || !areColorsValid) return;
		const show = () => void site.show({ record: JSON.parse(record), language, isOpen, round });
		const timer = setTimeout(show, PAUSE_MS);
		return () => clearTimeout(timer);
	}, [site, record, language, isOpen, round, areColorsValid]);

	/** The frame's own document comes first; opening it again for the site's fires the event once more. */
	function begin(frame: HTMLIFrameElement) {
		if (isStarted.current) return;
		isStarted.current = true;
		setSite(openPreviewSite(frame, { title: t("preview"), reply: t("previewReply") }, setOpen));
	}

	return (
		<section class="preview" aria-label={t("preview")}>
			<div class="preview-bar">
				<Segments
					label={t("previewScreen")}
					value={screen}
					onValue={setScreen}
					choices={[
						{ value: "page", text: t("screenPage") },
						{ value: "phone", text: t("screenPhone") },
					]}
				/>
				<Segments
					label={t("previewState")}
					value={isOpen ? "open" : "closed"}
					onValue={(state) => setOpen(state === "open")}
					choices={[
						{ value: "open", text: t("chatOpen") },
						{ value: "closed", text: t("chatClosed") },
					]}
				/>
				<select
					class="input select preview-language"
					aria-label={t("previewLanguage")}
					value={language}
					onChange={({ currentTarget }) => setLanguage(currentTarget.value)}
				>
					{LANGUAGE_CODES.map((code) => (
						<option key={code} value={code}>
							{languageName(code)}
						</option>
					))}
				</select>
				<IconButton
					name="refresh"
					label={t("previewAgain")}
					onClick={() => {
						site?.forget();
						setRound(round + 1);
					}}
				/>
			</div>
			<div class="preview-box" ref={box} style={{ height: `${height * scale}px` }}>
				<iframe
					class="preview-frame"
					title={t("preview")}
					style={{ width: `${width}px`, height: `${height}px`, transform: `scale(${scale})` }}
					onLoad={({ currentTarget }) => begin(currentTarget)}
				/>
			</div>
			<p class="field-hint">{t("previewHint")}</p>
		</section>
	);
}
