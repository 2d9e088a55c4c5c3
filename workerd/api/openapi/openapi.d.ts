// The types of openapi.json's schemas, made by `node tests/lint/openapi.mjs --write`. The front
// ends are checked with them, so that server and pages cannot drift apart; they are in no bundle.

export type paths = Record<string, never>;
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        Status: {
            /** @constant */
            status: "ok";
        };
        Ok: {
            /** @constant */
            ok: true;
        };
        Error: {
            /** @description A message for people. */
            error: string;
            /** @description A code for programs. */
            code: string;
            /** @description Only in development and with 400: the valid values. */
            details?: string;
        };
        /**
         * Format: uuid
         * @example 01936b2e-8f00-7a3c-9d41-2f6b1c0e5a77
         */
        Id: string;
        /**
         * @description Milliseconds since 1970.
         * @example 1732260000000
         */
        Time: number;
        /**
         * @description Identifies a visitor's conversation. The client chooses it, at random.
         * @example a1b2c3d4
         */
        SessionId: string;
        /**
         * @description A SessionId; for a widget's visitor ~ and the visitor's id.
         * @example a1b2c3d4
         */
        AnySessionId: string;
        ChatRequest: {
            sessionId: components["schemas"]["SessionId"];
            /** @description The length is in UTF-16 code units, as in JavaScript. */
            message: string;
            clientMessageId?: components["schemas"]["ClientMessageId"];
        };
        /**
         * @description The client's id of this message, unique in the conversation, preferably random. Sending the message again with the same id does no harm; a different message with this id is refused.
         * @example m-4f1c9a
         */
        ClientMessageId: string;
        StopRequest: {
            sessionId: components["schemas"]["SessionId"];
        };
        StopAnswer: {
            status: components["schemas"]["MessageStatus"];
        };
        /**
         * @description The status of a reply. A visitor's message is `complete`.
         * @enum {unknown}
         */
        MessageStatus: "complete" | "stopped" | "interrupted";
        /** @description The number of tokens, counted by the model. */
        Usage: {
            promptTokens: number;
            completionTokens: number;
        };
        HistoryMessage: {
            id: components["schemas"]["Id"];
            /** @enum {unknown} */
            role: "user" | "assistant";
            content: string;
            createdAt: components["schemas"]["Time"];
            status: components["schemas"]["MessageStatus"];
        };
        History: {
            /** @description null: the session has no messages yet. */
            conversationId: components["schemas"]["Id"] | null;
            messages: components["schemas"]["HistoryMessage"][];
            /** @description The newest running reply, which can be resumed. It is not among the messages. */
            active: components["schemas"]["Id"] | null;
            nextCursor: components["schemas"]["NextCursor"];
        };
        Reply: {
            conversationId: components["schemas"]["Id"];
            messageId: components["schemas"]["Id"];
            /** @description Empty only if the reply was stopped before its first token. */
            message: string;
            /** @description null: the model does not report it. */
            usage: components["schemas"]["Usage"] | null;
            /**
             * @description Only if the reply was stopped.
             * @constant
             */
            status?: "stopped";
        };
        Event: components["schemas"]["StartEvent"] | components["schemas"]["TokenEvent"] | components["schemas"]["DoneEvent"] | components["schemas"]["ErrorEvent"];
        /** @description The reply has begun. The client discards the text of this reply after `position`. */
        StartEvent: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "start";
            conversationId: components["schemas"]["Id"];
            messageId: components["schemas"]["Id"];
            /** @description For a resumed reply: the position of the first token in the text, in UTF-16 code units. Default: 0. */
            position?: number;
        };
        /** @description The next part of the text. */
        TokenEvent: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "token";
            token: string;
        };
        /** @description The full reply, after it is stored. */
        DoneEvent: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "done";
            /** @description Without leading and trailing white space. Empty only if the reply was stopped before its first token. */
            message: string;
            conversationId: components["schemas"]["Id"];
            messageId: components["schemas"]["Id"];
            /**
             * @description Only if the reply was stopped.
             * @constant
             */
            status?: "stopped";
        };
        /** @description The stream has ended; the partial text is stored. */
        ErrorEvent: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "error";
            error: string;
            code: string;
        };
        Conversation: {
            _id: components["schemas"]["Id"];
            _creationTime: components["schemas"]["Time"];
            sessionId: components["schemas"]["AnySessionId"];
            createdAt: components["schemas"]["Time"];
            updatedAt: components["schemas"]["Time"];
            /** @description The first 500 characters of the last message. */
            lastMessage: string;
            widgetId: components["schemas"]["Id"];
            /** @description null: the visitor has not given contact details. */
            contactId: components["schemas"]["Id"] | null;
            /**
             * @description The status of the newest reply, `active` while it runs; null: there is no reply yet.
             * @enum {unknown}
             */
            status: "active" | "complete" | "stopped" | "interrupted" | null;
        };
        Message: {
            _id: components["schemas"]["Id"];
            _creationTime: components["schemas"]["Time"];
            /** @enum {unknown} */
            role: "user" | "assistant";
            content: string;
            createdAt: components["schemas"]["Time"];
            status: components["schemas"]["MessageStatus"];
        };
        ConversationList: {
            conversations: components["schemas"]["Conversation"][];
            /** @description The number of all conversations of the organization, regardless of filters. */
            total: number;
            nextCursor: components["schemas"]["NextCursor"];
        };
        Thread: {
            conversation: components["schemas"]["Conversation"];
            messages: components["schemas"]["Message"][];
            /** @description Only in pages. */
            nextCursor?: components["schemas"]["NextCursor"];
            /**
             * @description Only if there are more messages than fit into one response: read them in pages.
             * @constant
             */
            truncated?: true;
        };
        FieldsError: {
            /** @description A message for people. */
            error: string;
            /** @constant */
            code: "invalid_fields";
            /** @description For each invalid member, the valid values. The names of nested members begin with `agent.` or `history.0.`. */
            fields: {
                [key: string]: string;
            };
        };
        /** @example #6366f1 */
        Color: string;
        Widget: {
            id: components["schemas"]["Id"];
            organization_id: components["schemas"]["Id"];
            /** @description The public id, for the script tag. */
            widget_id: string;
            /** @description The agent that answers. */
            agent_id: components["schemas"]["Id"];
            /** @description The title of the chat, and the name in lists. */
            name: string | null;
            /** @description The first message that a visitor sees. */
            greeting: string | null;
            primary_color: components["schemas"]["Color"];
            text_color: components["schemas"]["Color"];
            /**
             * @default bottom_right
             * @enum {unknown}
             */
            position: "bottom_right" | "bottom_left";
            /**
             * @description Whether a visitor may or must give contact details. `required` needs at least one collected field.
             * @default none
             * @enum {unknown}
             */
            contact_info_mode: "none" | "optional" | "required";
            /** @default false */
            collect_name: boolean;
            /** @default false */
            collect_email: boolean;
            /** @default false */
            collect_phone: boolean;
            /** @description The sites that may embed the widget, as scheme://host[:port]; stored in lower case and without default ports. null or an empty list: every site. */
            allowed_origins: string[] | null;
            /** @description Maximum number of visitors' messages per UTC day; null: unlimited. */
            daily_message_cap: number | null;
            /** @default true */
            enabled: boolean;
            created_at: components["schemas"]["Time"];
            updated_at: components["schemas"]["Time"];
        };
        /** @description The members of a widget. Read-only members may be sent back unchanged. If `updated_at` is sent and the widget has changed since, the request is refused. */
        WidgetFields: {
            /** @description The agent that answers. */
            agent_id?: components["schemas"]["Id"];
            /** @description The title of the chat, and the name in lists. */
            name?: string | null;
            /** @description The first message that a visitor sees. */
            greeting?: string | null;
            primary_color?: components["schemas"]["Color"];
            text_color?: components["schemas"]["Color"];
            /**
             * @default bottom_right
             * @enum {unknown}
             */
            position: "bottom_right" | "bottom_left";
            /**
             * @description Whether a visitor may or must give contact details. `required` needs at least one collected field.
             * @default none
             * @enum {unknown}
             */
            contact_info_mode: "none" | "optional" | "required";
            /** @default false */
            collect_name: boolean;
            /** @default false */
            collect_email: boolean;
            /** @default false */
            collect_phone: boolean;
            /** @description The sites that may embed the widget, as scheme://host[:port]; stored in lower case and without default ports. null or an empty list: every site. */
            allowed_origins?: string[] | null;
            /** @description Maximum number of visitors' messages per UTC day; null: unlimited. */
            daily_message_cap?: number | null;
            /** @default true */
            enabled: boolean;
            id?: components["schemas"]["Id"];
            organization_id?: components["schemas"]["Id"];
            /** @description The public id, for the script tag. */
            widget_id?: string;
            created_at?: components["schemas"]["Time"];
            updated_at?: components["schemas"]["Time"];
        };
        WidgetList: {
            widgets: components["schemas"]["Widget"][];
            nextCursor: components["schemas"]["NextCursor"];
        };
        Agent: {
            id: components["schemas"]["Id"];
            organization_id: components["schemas"]["Id"];
            /** @description The name in lists. */
            name: string;
            /** @description The main part of the system prompt; null: SYSTEM_PROMPT. */
            purpose: string | null;
            custom_instructions: string | null;
            escalation_instructions: string | null;
            restricted_topics: string | null;
            /** @description null: OPENAI_MODEL. */
            model: string | null;
            /** @description At most three decimal places; null: OPENAI_TEMPERATURE. */
            temperature: number | null;
            /** @description null: OPENAI_MAX_COMPLETION_TOKENS. */
            max_output_tokens: number | null;
            /** @description The address of the model server that `key_name` selects; null: the server is missing in the settings. Read-only. */
            base_url: string | null;
            /** @description The name of the model server in MODEL_SERVERS; null: OPENAI_BASE_URL. The keys are in the settings. */
            key_name: string | null;
            /** @default true */
            enabled: boolean;
            created_at: components["schemas"]["Time"];
            updated_at: components["schemas"]["Time"];
        };
        /** @description The members of an agent; a new one needs a name. Read-only members may be sent back unchanged. If `updated_at` is sent and the agent has changed since, the request is refused. */
        AgentFields: {
            /** @description The name in lists. */
            name?: string;
            /** @description The main part of the system prompt; null: SYSTEM_PROMPT. */
            purpose?: string | null;
            custom_instructions?: string | null;
            escalation_instructions?: string | null;
            restricted_topics?: string | null;
            /** @description null: OPENAI_MODEL. */
            model?: string | null;
            /** @description At most three decimal places; null: OPENAI_TEMPERATURE. */
            temperature?: number | null;
            /** @description null: OPENAI_MAX_COMPLETION_TOKENS. */
            max_output_tokens?: number | null;
            /** @description The address of the model server that `key_name` selects; null: the server is missing in the settings. Read-only. */
            base_url?: string | null;
            /** @description The name of the model server in MODEL_SERVERS; null: OPENAI_BASE_URL. The keys are in the settings. */
            key_name?: string | null;
            /** @default true */
            enabled: boolean;
            id?: components["schemas"]["Id"];
            organization_id?: components["schemas"]["Id"];
            created_at?: components["schemas"]["Time"];
            updated_at?: components["schemas"]["Time"];
        };
        /** @description The values that replace null in an agent; null: the model server's default. */
        AgentDefaults: {
            purpose: string;
            model: string;
            temperature: number | null;
            max_output_tokens: number | null;
            base_url: string;
        };
        ModelServer: {
            key_name: string | null;
            base_url: string;
        };
        AgentList: {
            agents: components["schemas"]["Agent"][];
            defaults: components["schemas"]["AgentDefaults"];
            /** @description OPENAI_BASE_URL, without a name, and the servers of MODEL_SERVERS. */
            servers: components["schemas"]["ModelServer"][];
            nextCursor: components["schemas"]["NextCursor"];
        };
        AgentTest: {
            /** @description The visitor's message. */
            message: string;
            /** @description The messages before it, oldest first. The model receives the last MAX_HISTORY_MESSAGES of them. */
            history?: {
                /** @enum {unknown} */
                role: "user" | "assistant";
                content: string;
            }[] | null;
            /** @description Overrides members of the agent for this call. */
            agent?: components["schemas"]["AgentFields"] | null;
        };
        Contact: {
            id: components["schemas"]["Id"];
            organization_id: components["schemas"]["Id"];
            name: string | null;
            /** @description Compared case-insensitively. */
            email: string | null;
            /** @description Compared by its digits and a leading +. */
            phone: string | null;
            created_at: components["schemas"]["Time"];
            updated_at: components["schemas"]["Time"];
        };
        /** @description The members of a contact. Read-only members may be sent back unchanged. If `updated_at` is sent and the contact has changed since, the request is refused. */
        ContactFields: {
            name?: string | null;
            /** @description Compared case-insensitively. */
            email?: string | null;
            /** @description Compared by its digits and a leading +. */
            phone?: string | null;
            id?: components["schemas"]["Id"];
            organization_id?: components["schemas"]["Id"];
            created_at?: components["schemas"]["Time"];
            updated_at?: components["schemas"]["Time"];
        };
        ContactList: {
            contacts: components["schemas"]["Contact"][];
            nextCursor: components["schemas"]["NextCursor"];
        };
        /** @description The cursor of the next page; null: this is the last page. */
        NextCursor: string | null;
        Erased: {
            conversations: number;
            messages: number;
        };
        Me: {
            organization: {
                id: components["schemas"]["Id"];
                name: string;
            };
            user: components["schemas"]["MyUser"] | null;
            /** @enum {unknown} */
            role: "owner" | "member";
            /** @description The caller used a key, not a session. */
            key: boolean;
        };
        MyUser: {
            id: components["schemas"]["Id"];
            /** Format: email */
            email: string;
            name: string | null;
            /** @enum {unknown} */
            role: "owner" | "member";
        };
        PasswordChange: {
            current: string;
            /** @description At most 1024 bytes. */
            new: string;
        };
        Login: {
            id: components["schemas"]["Id"];
            created_at: components["schemas"]["Time"];
            expires_at: components["schemas"]["Time"];
            /** @description The client's address. */
            address: string;
            /** @description The client's User-Agent. */
            program: string;
            /** @description Whether this is the caller's session. */
            current: boolean;
        };
        LoginList: {
            logins: components["schemas"]["Login"][];
        };
        User: {
            id: components["schemas"]["Id"];
            organization_id: components["schemas"]["Id"];
            /** Format: email */
            email: string;
            name: string | null;
            /** @enum {unknown} */
            role: "owner" | "member";
            created_at: components["schemas"]["Time"];
        };
        UserList: {
            users: components["schemas"]["User"][];
            nextCursor: string | null;
        };
        NewUser: {
            /** Format: email */
            email: string;
            name?: string | null;
            /**
             * @default member
             * @enum {unknown}
             */
            role: "owner" | "member";
            /** @description At most 1024 bytes. */
            password: string;
        };
        /** @description The changed members. Read-only members may be sent back unchanged. */
        UserChange: {
            name?: string | null;
            /** @enum {unknown} */
            role?: "owner" | "member";
            /** @description At most 1024 bytes. */
            password?: string;
            id?: components["schemas"]["Id"];
            organization_id?: components["schemas"]["Id"];
            /** Format: email */
            email?: string;
            created_at?: components["schemas"]["Time"];
        };
        Key: {
            id: components["schemas"]["Id"];
            organization_id: components["schemas"]["Id"];
            /** @enum {unknown} */
            kind: "widget" | "admin";
            name: string | null;
            /** @description The last characters of the key. */
            hint: string;
            created_at: components["schemas"]["Time"];
        };
        KeyList: {
            keys: components["schemas"]["Key"][];
        };
        NewKey: {
            id: components["schemas"]["Id"];
            organization_id: components["schemas"]["Id"];
            /** @enum {unknown} */
            kind: "widget" | "admin";
            name: string | null;
            /** @description The last characters of the key. */
            hint: string;
            created_at: components["schemas"]["Time"];
            key: string;
        };
        KeyRequest: {
            /** @enum {unknown} */
            kind: "widget" | "admin";
            name?: string | null;
        };
        LoginRequest: {
            /** @description The user's e-mail. Without it, the password is DASHBOARD_PASSWORD. */
            email?: string | null;
            password: string;
        };
        Document: {
            openapi: string;
            info: Record<string, never>;
            servers: unknown[];
            tags?: unknown[];
            paths: Record<string, never>;
            components: Record<string, never>;
        };
        WidgetConfig: {
            name: string | null;
            greeting: string | null;
            primary_color: string;
            text_color: string;
            /** @enum {unknown} */
            position: "bottom_right" | "bottom_left";
            /**
             * @description Whether a visitor may (`optional`) or must (`required`) give contact details.
             * @enum {unknown}
             */
            contact_info_mode: "none" | "optional" | "required";
            collect_name: boolean;
            collect_email: boolean;
            collect_phone: boolean;
        };
        /** @description A frame that a visitor sends. */
        VisitorSays: components["schemas"]["VisitorMessage"] | components["schemas"]["VisitorContact"] | components["schemas"]["VisitorStop"];
        VisitorMessage: {
            /** @constant */
            type: "message";
            /** @description The length is in UTF-16 code units. */
            content: string;
            id?: components["schemas"]["ClientMessageId"];
        };
        /** @description The visitor's contact details. Fields that the widget does not ask for are ignored; at least one field that it asks for is required. */
        VisitorContact: {
            /** @constant */
            type: "contact_info";
            name?: string | null;
            email?: string | null;
            phone?: string | null;
        };
        /** @description Stops the running reply; the partial text is stored. Without a running reply it has no effect. */
        VisitorStop: {
            /** @constant */
            type: "stop";
        };
        /** @description A frame that the server sends. */
        WidgetSays: components["schemas"]["WidgetSession"] | components["schemas"]["WidgetHistory"] | components["schemas"]["WidgetTyping"] | components["schemas"]["WidgetToken"] | components["schemas"]["WidgetMessage"] | components["schemas"]["WidgetContactSaved"] | components["schemas"]["WidgetError"];
        WidgetSession: {
            /** @constant */
            type: "session";
            session_token: string;
            contact_info_submitted: boolean;
        };
        WidgetHistory: {
            /** @constant */
            type: "history";
            /** @description Oldest first. `id` and `status` (unless complete) only with `stream=1`. */
            messages: {
                /** @enum {unknown} */
                role: "user" | "assistant";
                content: string;
                id?: components["schemas"]["Id"];
                status?: components["schemas"]["MessageStatus"];
            }[];
            /** @description Only with `stream=1`: the running reply, which follows from its beginning and is not among the messages; null: there is none. */
            active?: components["schemas"]["Id"] | null;
        };
        WidgetTyping: {
            /** @enum {unknown} */
            type: "typing_start" | "typing_stop";
        };
        WidgetToken: {
            /** @constant */
            type: "token";
            token: string;
        };
        WidgetMessage: {
            /** @constant */
            type: "message";
            content: string;
            /**
             * @description `user`: a message that the visitor sent over another WebSocket.
             * @enum {unknown}
             */
            role: "user" | "assistant";
            id: components["schemas"]["Id"];
            /** @description Only if the reply is not complete. */
            status?: components["schemas"]["MessageStatus"];
        };
        WidgetContactSaved: {
            /** @constant */
            type: "contact_info_saved";
        };
        WidgetError: {
            /** @constant */
            type: "error";
            /** @description A message for the visitor. */
            message: string;
            /** @description A code for programs: those of `POST /v1/chat`, and `invalid_message`, `too_many_waiting`, `invalid_contact_info`, `contact_not_asked`, `contact_pending`, `contact_required`, `daily_cap`, `widget_gone`, `agent_disabled`. */
            code: string;
            /** @description The `id` of the message that was refused, if it has one. */
            id?: components["schemas"]["ClientMessageId"];
            /** @description With `invalid_contact_info`: the valid values of each invalid field. */
            fields?: {
                [key: string]: string;
            };
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type Status = components['schemas']['Status'];
export type Ok = components['schemas']['Ok'];
export type Error = components['schemas']['Error'];
export type Id = components['schemas']['Id'];
export type Time = components['schemas']['Time'];
export type SessionId = components['schemas']['SessionId'];
export type AnySessionId = components['schemas']['AnySessionId'];
export type ChatRequest = components['schemas']['ChatRequest'];
export type ClientMessageId = components['schemas']['ClientMessageId'];
export type StopRequest = components['schemas']['StopRequest'];
export type StopAnswer = components['schemas']['StopAnswer'];
export type MessageStatus = components['schemas']['MessageStatus'];
export type Usage = components['schemas']['Usage'];
export type HistoryMessage = components['schemas']['HistoryMessage'];
export type History = components['schemas']['History'];
export type Reply = components['schemas']['Reply'];
export type Event = components['schemas']['Event'];
export type StartEvent = components['schemas']['StartEvent'];
export type TokenEvent = components['schemas']['TokenEvent'];
export type DoneEvent = components['schemas']['DoneEvent'];
export type ErrorEvent = components['schemas']['ErrorEvent'];
export type Conversation = components['schemas']['Conversation'];
export type Message = components['schemas']['Message'];
export type ConversationList = components['schemas']['ConversationList'];
export type Thread = components['schemas']['Thread'];
export type FieldsError = components['schemas']['FieldsError'];
export type Color = components['schemas']['Color'];
export type Widget = components['schemas']['Widget'];
export type WidgetFields = components['schemas']['WidgetFields'];
export type WidgetList = components['schemas']['WidgetList'];
export type Agent = components['schemas']['Agent'];
export type AgentFields = components['schemas']['AgentFields'];
export type AgentDefaults = components['schemas']['AgentDefaults'];
export type ModelServer = components['schemas']['ModelServer'];
export type AgentList = components['schemas']['AgentList'];
export type AgentTest = components['schemas']['AgentTest'];
export type Contact = components['schemas']['Contact'];
export type ContactFields = components['schemas']['ContactFields'];
export type ContactList = components['schemas']['ContactList'];
export type NextCursor = components['schemas']['NextCursor'];
export type Erased = components['schemas']['Erased'];
export type Me = components['schemas']['Me'];
export type MyUser = components['schemas']['MyUser'];
export type PasswordChange = components['schemas']['PasswordChange'];
export type Login = components['schemas']['Login'];
export type LoginList = components['schemas']['LoginList'];
export type User = components['schemas']['User'];
export type UserList = components['schemas']['UserList'];
export type NewUser = components['schemas']['NewUser'];
export type UserChange = components['schemas']['UserChange'];
export type Key = components['schemas']['Key'];
export type KeyList = components['schemas']['KeyList'];
export type NewKey = components['schemas']['NewKey'];
export type KeyRequest = components['schemas']['KeyRequest'];
export type LoginRequest = components['schemas']['LoginRequest'];
export type Document = components['schemas']['Document'];
export type WidgetConfig = components['schemas']['WidgetConfig'];
export type VisitorSays = components['schemas']['VisitorSays'];
export type VisitorMessage = components['schemas']['VisitorMessage'];
export type VisitorContact = components['schemas']['VisitorContact'];
export type VisitorStop = components['schemas']['VisitorStop'];
export type WidgetSays = components['schemas']['WidgetSays'];
export type WidgetSession = components['schemas']['WidgetSession'];
export type WidgetHistory = components['schemas']['WidgetHistory'];
export type WidgetTyping = components['schemas']['WidgetTyping'];
export type WidgetToken = components['schemas']['WidgetToken'];
export type WidgetMessage = components['schemas']['WidgetMessage'];
export type WidgetContactSaved = components['schemas']['WidgetContactSaved'];
export type WidgetError = components['schemas']['WidgetError'];
export type $defs = Record<string, never>;
export type operations = Record<string, never>;
