// The button that turns notifications on and off.

import { useEffect, useReducer } from "preact/hooks";
import { useLocation } from "preact-iso";
import { useKept } from "../api/desk";
import { toast } from "../shell/toasts";
import { IconButton } from "../ui/button";
import { Notifier } from "./notifier";
import { t } from "./texts";

export function Bell() {
	const { route } = useLocation();
	const notifier = useKept("notifier", (desk) => new Notifier(desk, route));
	const [, changed] = useReducer((n: number) => n + 1, 0);
	useEffect(() => notifier.watch(() => changed(undefined)), [notifier]);
	const isOn = notifier.isOn();

	async function toggle() {
		if (isOn) {
			notifier.turnOff();
			toast({ text: t("bellIsOff") });
			return;
		}
		const isAllowed = await notifier.turnOn();
		toast({ text: t(isAllowed ? "bellIsOn" : "bellDenied") });
	}

	return <IconButton name="bell" label={t("bellOn")} isPressed={isOn} onClick={toggle} />;
}
