// The address of a contact's export. The server names the file.

import { address, type PathWith } from "../api/client";

const TEMPLATE: PathWith<"get"> = "/v1/admin/contacts/{contactId}/export";

export function exportPath(contactId: string): string {
	return address(TEMPLATE, { contactId });
}
