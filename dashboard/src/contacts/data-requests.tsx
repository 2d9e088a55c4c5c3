// What a person may ask of their data: a copy, and that it is erased.

import { useState } from "preact/hooks";
import type { Contact } from "../../../workerd/api/openapi/openapi";
import { useRight } from "../shell/me";
import { t as common } from "../text/common";
import { Button, ButtonLink } from "../ui/button";
import { Card } from "../ui/card";
import { EraseDialog } from "./erase-dialog";
import { exportPath } from "./export-path";
import { t } from "./texts";

interface DataRequestsProps {
	readonly contact: Contact;
	readonly onErased: () => void;
}

export function DataRequests({ contact, onErased }: DataRequestsProps) {
	const [isErasing, setErasing] = useState(false);
	const mayDelete = useRight("delete");
	return (
		<Card title={t("requests")} hint={t("requestsHint")}>
			<div class="contact-request">
				<div>
					<h3>{t("export")}</h3>
					<p class="field-hint">{t("exportHint")}</p>
				</div>
				{/* The server's name of the file counts; without one here, the router would take the click. */}
				<ButtonLink icon="download" href={exportPath(contact.id)} download="contact.json">
					{t("exportAction")}
				</ButtonLink>
			</div>
			<div class="contact-request">
				<div>
					<h3>{t("erase")}</h3>
					<p class="field-hint">{t("eraseHint")}</p>
				</div>
				{mayDelete ? (
					<Button icon="trash" onClick={() => setErasing(true)}>
						{t("eraseAction")}
					</Button>
				) : (
					<p class="field-hint">{common("ownersOnly")}</p>
				)}
			</div>
			{isErasing && (
				<EraseDialog contact={contact} onErased={onErased} onClose={() => setErasing(false)} />
			)}
		</Card>
	);
}
