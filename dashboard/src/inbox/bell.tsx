// The button that turns notifications on and off; the frame gives them.

import { setBell } from "../shell/bell";
import { toast } from "../shell/toasts";
import { useIsBellOn } from "../shell/use-bell";
import { IconButton } from "../ui/button";
import { t } from "./texts";

/** On a click: the browser asks the user, and plays sounds, only then. Settles with whether notifications are allowed. */
async function turnOn(): Promise<boolean> {
	setBell(true);
	const asked = "Notification" in window ? Notification.requestPermission() : "denied";
	void import("../shell/chime").then(({ playChime }) => playChime());
	return (await asked) === "granted";
}

export function Bell() {
	const isOn = useIsBellOn();

	async function toggle() {
		if (isOn) {
			setBell(false);
			toast({ text: t("bellIsOff") });
			return;
		}
		const isAllowed = await turnOn();
		toast({ text: t(isAllowed ? "bellIsOn" : "bellDenied") });
	}

	return <IconButton name="bell" label={t("bellOn")} isPressed={isOn} onClick={toggle} />;
}
