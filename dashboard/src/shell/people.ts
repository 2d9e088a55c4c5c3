// The users of the organization, to whom conversations are assigned.

import { allItems } from "../api/all-pages";
import { useData } from "../api/desk";
import { type Availability, useMe } from "./me";

export interface Person {
	readonly id: string;
	readonly name: string;
	readonly picture: string | null;
	readonly availability: Availability;
}

/** Everybody, the user first. */
export function usePeople(): readonly Person[] {
	const { data: me } = useMe();
	const { data } = useData("people", (api) => ({
		load: (signal) =>
			allItems(
				(query) => api.get("/v1/admin/people", { query, signal }),
				(page) => page.people,
			),
		kinds: ["user"],
	}));
	const isMe = ({ id }: Person) => id === me?.user?.id;
	const people = data ?? [];
	return [...people.filter(isMe), ...people.filter((one) => !isMe(one))];
}
