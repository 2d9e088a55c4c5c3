// What every page is handed: the state, how to change it, the server, and where
// the list was scrolled to.

import { createContext, type RefObject } from "preact";
import { useContext } from "preact/hooks";
import type { Api } from "./api";
import type { Action, State } from "./state";

export interface Desk {
	readonly state: State;
	readonly api: Api;
	readonly dispatch: (action: Action) => void;
	/** In pixels. A ref, since nothing is drawn from it. */
	readonly listScroll: RefObject<number>;
}

export const DeskContext = createContext<Desk | null>(null);

export function useDesk(): Desk {
	const desk = useContext(DeskContext);
	if (!desk) throw new Error("a page stands outside of the app");
	return desk;
}
