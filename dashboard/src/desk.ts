// The context of every page: state, dispatch, API client and the list's scroll position.

import { createContext, type RefObject } from "preact";
import { useContext } from "preact/hooks";
import type { Api } from "./api";
import type { Action, State } from "./state";

export interface Desk {
	readonly state: State;
	readonly api: Api;
	readonly dispatch: (action: Action) => void;
	/** In pixels. A ref, because nothing is rendered from it. */
	readonly listScroll: RefObject<number>;
}

export const DeskContext = createContext<Desk | null>(null);

export function useDesk(): Desk {
	const desk = useContext(DeskContext);
	if (!desk) throw new Error("this component must be inside <App>");
	return desk;
}
