// Where the visitor was last, with which browser, and what the site says about the visitor.

import type { Conversation } from "../../../workerd/api/openapi/openapi";
import { useNow } from "../hooks/use-now";
import { deviceText } from "../text/device";
import { locale } from "../text/language";
import { words } from "../text/words";
import { TimeStamp } from "../ui/time-stamp";
import { Fact, Part } from "./part";
import { t } from "./texts";

function languageName(tag: string): string {
	try {
		return new Intl.DisplayNames([locale], { type: "language" }).of(tag) ?? tag;
	} catch {
		return tag;
	}
}

/** Only addresses of the web become links: the text is the visitor's. */
function isWeb(url: string): boolean {
	return /^https?:\/\//i.test(url);
}

function Address({ url, text }: { readonly url: string; readonly text: string }) {
	if (!isWeb(url)) return <>{text}</>;
	return (
		<a href={url} target="_blank" rel="noreferrer nofollow ugc" title={url}>
			{text}
		</a>
	);
}

export function VisitPart({ conversation }: { readonly conversation: Conversation }) {
	const now = useNow();
	const { page, context, createdAt } = conversation;
	return (
		<>
			<Part title={t("visit")}>
				<dl class="visit-facts">
					<Fact name={t("started")}>
						<TimeStamp at={createdAt} text={words.relative(createdAt, now)} />
					</Fact>
					{page?.url && (
						<Fact name={t("page")}>
							<Address url={page.url} text={page.title || page.url} />
							{page.title && <span class="fact-more">{page.url.replace(/^https?:\/\//, "")}</span>}
						</Fact>
					)}
					{page?.referrer && (
						<Fact name={t("referrer")}>
							<Address url={page.referrer} text={page.referrer.replace(/^https?:\/\//, "")} />
						</Fact>
					)}
					{page?.browser && (
						<Fact name={t("browser")}>
							<span title={page.browser}>{deviceText(page.browser)}</span>
						</Fact>
					)}
					{page?.language && <Fact name={t("language")}>{languageName(page.language)}</Fact>}
					{page?.timezone && <Fact name={t("timezone")}>{page.timezone}</Fact>}
				</dl>
				{!page && <p class="quiet">{t("visitNone")}</p>}
			</Part>
			{context && Object.keys(context).length > 0 && (
				<Part title={t("context")}>
					<dl class="visit-facts">
						{Object.entries(context).map(([name, value]) => (
							<Fact name={name} key={name}>
								{typeof value === "string" ? value : JSON.stringify(value)}
							</Fact>
						))}
					</dl>
				</Part>
			)}
		</>
	);
}
