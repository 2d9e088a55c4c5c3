// Who may not write: visitors, contacts and ranges of addresses.

import { useState } from "preact/hooks";
import { useLocation } from "preact-iso";
import type { Block } from "../../../../workerd/api/openapi/openapi";
import { useData, useDesk } from "../../api/desk";
import { useNow } from "../../hooks/use-now";
import { usePeople } from "../../shell/people";
import { toast } from "../../shell/toasts";
import { words } from "../../text/words";
import { Badge } from "../../ui/badge";
import { Blank } from "../../ui/blank";
import { Button } from "../../ui/button";
import { Confirm } from "../../ui/dialog";
import { Total } from "../../ui/end-of-list";
import { Sentence } from "../../ui/sentence";
import { TimeStamp } from "../../ui/time-stamp";
import { Loaded } from "../loaded";
import { t } from "../texts";
import { BlockDialog, type BlockKind, KINDS } from "./block-dialog";

/** One page has all that people read. */
const MOST = 200;

export function BlocksSection() {
	const { api } = useDesk();
	const { query } = useLocation();
	// A conversation leads here with its visitor.
	const kind = (Object.keys(KINDS) as BlockKind[]).find((one) => one === query.kind);
	const [isCreating, setCreating] = useState(kind !== undefined);
	const [removed, setRemoved] = useState<Block | null>(null);
	const remote = useData<{ readonly blocks: readonly Block[] }>("blocks", (client) => ({
		load: (signal) => client.read("/v1/admin/blocks", { query: { limit: MOST }, signal }),
		kinds: ["block"],
	}));

	async function remove({ id }: Block) {
		await api.delete("/v1/admin/blocks/{blockId}", { path: { blockId: id } });
		toast({ text: t("blockRemoved") });
		await remote.refresh();
	}

	return (
		<>
			<div class="settings-head">
				<p class="settings-lead">{t("blocksLead")}</p>
				<Button kind="main" icon="plus" onClick={() => setCreating(true)}>
					{t("blockCreate")}
				</Button>
			</div>
			<Loaded remote={remote}>
				{({ blocks }) =>
					blocks.length === 0 ? (
						<Blank title={t("blocksNone")} icon="lock">
							<p>{t("blocksNoneText")}</p>
						</Blank>
					) : (
						<>
							<ul class="card settings-rows" aria-label={t("blocks")}>
								{blocks.map((one) => (
									<BlockRow key={one.id} block={one} remove={() => setRemoved(one)} />
								))}
							</ul>
							<Total count={blocks.length} />
						</>
					)
				}
			</Loaded>
			{isCreating && (
				<BlockDialog
					kind={kind ?? "range"}
					target={(kind && query.target) ?? ""}
					onCreated={remote.refresh}
					onClose={() => setCreating(false)}
				/>
			)}
			{removed && (
				<Confirm
					title={t("blockRemoveTitle", { target: removed.target })}
					action={t("blockRemove")}
					onConfirm={() => remove(removed)}
					onClose={() => setRemoved(null)}
				>
					<p>{t("blockRemoveText")}</p>
				</Confirm>
			)}
		</>
	);
}

interface BlockRowProps {
	readonly block: Block;
	readonly remove: () => void;
}

function BlockRow({ block, remove }: BlockRowProps) {
	const { kind, target, reason, until, by, created_at } = block;
	const now = useNow();
	const person = usePeople().find(({ id }) => id === by);
	const hasEnded = until !== null && until <= now;
	return (
		<li class="settings-row">
			<div class="settings-row-text">
				<p class="settings-row-title">
					<span class="mono-text">{target}</span>
					<Badge tone={hasEnded ? "calm" : "bad"}>{t(hasEnded ? "blockEnded" : KINDS[kind])}</Badge>
				</p>
				<p dir="auto">{reason}</p>
				<p class="quiet">
					<Sentence
						text={t("created")}
						parts={{ when: <TimeStamp at={created_at} text={words.relative(created_at, now)} /> }}
					/>
					{person && ` · ${person.name}`}
					{until !== null && ` · ${t("blockUntil", { time: words.until(until, now) })}`}
				</p>
			</div>
			<Button isSmall onClick={remove} aria-label={t("blockRemoveOf", { target })}>
				{t("blockRemove")}
			</Button>
		</li>
	);
}
