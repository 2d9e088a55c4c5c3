// Asks what to erase, and says what that means.

import { useId, useState } from "preact/hooks";
import { useLocation } from "preact-iso";
import type { Contact } from "../../../workerd/api/openapi/openapi";
import { forgetLists, useDesk } from "../api/desk";
import { toast } from "../shell/toasts";
import { Confirm } from "../ui/dialog";
import { CONTACT_LISTS } from "./data";
import { nameOf } from "./names";
import { t } from "./texts";

type What = "all" | "contact";

interface EraseDialogProps {
	readonly contact: Contact;
	readonly onErased: () => void;
	readonly onClose: () => void;
}

export function EraseDialog({ contact, onErased, onClose }: EraseDialogProps) {
	const desk = useDesk();
	const { api } = desk;
	const { route } = useLocation();
	const [what, setWhat] = useState<What>("all");
	const group = useId();
	const name = nameOf(contact) ?? t("nameless");

	async function erase() {
		const erased = await api.delete("/v1/admin/contacts/{contactId}", {
			path: { contactId: contact.id },
			...(what === "all" && { query: { conversations: "true" } }),
		});
		forgetLists(desk, CONTACT_LISTS);
		onErased();
		toast({
			text: erased
				? `${t("erased", { name })} ${t("erasedConversations", { count: erased.conversations })}`
				: t("erased", { name }),
		});
		route("/contacts", true);
	}

	return (
		<Confirm
			title={t("eraseTitle", { name })}
			action={t("eraseNow")}
			isDangerous
			onConfirm={erase}
			onClose={onClose}
		>
			<fieldset class="contact-choices">
				<legend class="unseen">{t("eraseWhat")}</legend>
				{(["all", "contact"] as const).map((one) => (
					<label class="contact-choice" key={one}>
						<input type="radio" name={group} checked={what === one} onChange={() => setWhat(one)} />
						<span>
							<strong>{t(one === "all" ? "eraseAll" : "eraseContact")}</strong>
							<span>{t(one === "all" ? "eraseAllText" : "eraseContactText")}</span>
						</span>
					</label>
				))}
			</fieldset>
			<p>{t("eraseForever")}</p>
		</Confirm>
	);
}
