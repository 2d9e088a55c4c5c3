// What the owner calls a widget: as the title of its chat, which visitors see.

import type { Widget } from "../../../workerd/api/openapi/openapi";
import { t } from "./common";

export const widgetName = ({ name }: Pick<Widget, "name">): string => name || t("widgetUnnamed");
