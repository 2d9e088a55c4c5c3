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
            /** @description For a person. */
            error: string;
            /** @description For a program. */
            code: string;
            /** @description In development, of a 400: what would be right. */
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
         * @description Names a visitor's conversation; made by the client, best at random.
         * @example a1b2c3d4
         */
        SessionId: string;
        /**
         * @description A SessionId; of a widget's visitor: ~ and the visitor's id.
         * @example a1b2c3d4
         */
        AnySessionId: string;
        ChatRequest: {
            sessionId: components["schemas"]["SessionId"];
            /** @description Its length counts in UTF-16 code units, as in JavaScript. */
            message: string;
            clientMessageId?: components["schemas"]["ClientMessageId"];
        };
        /**
         * @description The client's own name for this message, new for each in the conversation, best at random. To send the message again by the same name does no harm; another message by that name is refused.
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
         * @description How a reply ended. A visitor's message is complete.
         * @enum {unknown}
         */
        MessageStatus: "complete" | "stopped" | "interrupted";
        /** @description Tokens, as the model counts them. */
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
            /** @description null: the session has said nothing yet. */
            conversationId: components["schemas"]["Id"] | null;
            messages: components["schemas"]["HistoryMessage"][];
            /** @description The newest reply that is being written right now, and so is not among the messages: to be resumed. */
            active: components["schemas"]["Id"] | null;
            nextCursor: components["schemas"]["NextCursor"];
        };
        Reply: {
            conversationId: components["schemas"]["Id"];
            messageId: components["schemas"]["Id"];
            /** @description Empty only if it was stopped before it began. */
            message: string;
            /** @description null: the model does not tell. */
            usage: components["schemas"]["Usage"] | null;
            /**
             * @description Only of a reply that was stopped.
             * @constant
             */
            status?: "stopped";
        };
        Event: components["schemas"]["StartEvent"] | components["schemas"]["TokenEvent"] | components["schemas"]["DoneEvent"] | components["schemas"]["ErrorEvent"];
        /** @description The model has begun to answer. After a start, a client forgets what it had of this reply's text beyond the position. */
        StartEvent: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "start";
            conversationId: components["schemas"]["Id"];
            messageId: components["schemas"]["Id"];
            /** @description Of a reply that was resumed: where in its text the first token begins, in UTF-16 code units. Without it: 0. */
            position?: number;
        };
        /** @description The next piece of the text. */
        TokenEvent: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "token";
            token: string;
        };
        /** @description The whole reply, stored. */
        DoneEvent: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            type: "done";
            /** @description Without the white space at its ends. Empty only if it was stopped before it began. */
            message: string;
            conversationId: components["schemas"]["Id"];
            messageId: components["schemas"]["Id"];
            /**
             * @description Only of a reply that was stopped.
             * @constant
             */
            status?: "stopped";
        };
        /** @description No more will come; what came is kept. */
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
            /** @description Its first 500 characters. */
            lastMessage: string;
            widgetId: components["schemas"]["Id"];
            /** @description null: the visitor has not said who it is. */
            contactId: components["schemas"]["Id"] | null;
            /**
             * @description How the newest reply stands, active while it is written; null: there is none yet.
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
            /** @description Of the organization, whatever was asked for. */
            total: number;
            nextCursor: components["schemas"]["NextCursor"];
        };
        Thread: {
            conversation: components["schemas"]["Conversation"];
            messages: components["schemas"]["Message"][];
            /** @description Only of a page. */
            nextCursor?: components["schemas"]["NextCursor"];
            /**
             * @description Only where there were more messages than one answer holds: ask for pages.
             * @constant
             */
            truncated?: true;
        };
        FieldsError: {
            /** @description For a person. */
            error: string;
            /** @constant */
            code: "invalid_fields";
            /** @description For each wrong member, by its name, what would be right; `agent.` and `history.0.` stand before those of objects inside. */
            fields: {
                [key: string]: string;
            };
        };
        /** @example #6366f1 */
        Color: string;
        Widget: {
            id: components["schemas"]["Id"];
            organization_id: components["schemas"]["Id"];
            /** @description Its public id, which is embedded. */
            widget_id: string;
            /** @description Who answers: an agent of the organization. */
            agent_id: components["schemas"]["Id"];
            /** @description For the widget's head, and for lists. */
            name: string | null;
            /** @description What a visitor reads first. */
            greeting: string | null;
            primary_color: components["schemas"]["Color"];
            text_color: components["schemas"]["Color"];
            /**
             * @default bottom_right
             * @enum {unknown}
             */
            position: "bottom_right" | "bottom_left";
            /**
             * @description Whether a visitor may, or must, say who it is. To be required, something must be collected.
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
            /** @description The sites that may embed it, scheme://host[:port]; kept in lower case and without default ports. null, or none: any. */
            allowed_origins: string[] | null;
            /** @description How many messages visitors may send in a UTC day; null: any number. */
            daily_message_cap: number | null;
            /** @default true */
            enabled: boolean;
            created_at: components["schemas"]["Time"];
            updated_at: components["schemas"]["Time"];
        };
        /** @description What a widget is to be. Members that only the service makes may be sent back as they were read, by whoever changes one; `updated_at` by whoever does not want to undo what others have changed since. */
        WidgetFields: {
            /** @description Who answers: an agent of the organization. */
            agent_id?: components["schemas"]["Id"];
            /** @description For the widget's head, and for lists. */
            name?: string | null;
            /** @description What a visitor reads first. */
            greeting?: string | null;
            primary_color?: components["schemas"]["Color"];
            text_color?: components["schemas"]["Color"];
            /**
             * @default bottom_right
             * @enum {unknown}
             */
            position: "bottom_right" | "bottom_left";
            /**
             * @description Whether a visitor may, or must, say who it is. To be required, something must be collected.
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
            /** @description The sites that may embed it, scheme://host[:port]; kept in lower case and without default ports. null, or none: any. */
            allowed_origins?: string[] | null;
            /** @description How many messages visitors may send in a UTC day; null: any number. */
            daily_message_cap?: number | null;
            /** @default true */
            enabled: boolean;
            id?: components["schemas"]["Id"];
            organization_id?: components["schemas"]["Id"];
            /** @description Its public id, which is embedded. */
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
            /** @description For lists. */
            name: string;
            /** @description The core of the system prompt; null: SYSTEM_PROMPT. */
            purpose: string | null;
            custom_instructions: string | null;
            escalation_instructions: string | null;
            restricted_topics: string | null;
            /** @description null: OPENAI_MODEL. */
            model: string | null;
            /** @description At most three digits behind the point; null: OPENAI_TEMPERATURE. */
            temperature: number | null;
            /** @description null: OPENAI_MAX_COMPLETION_TOKENS. */
            max_output_tokens: number | null;
            /** @description The address of its model server, by key_name; null: the settings have none of that name any more. Cannot be another. */
            base_url: string | null;
            /** @description Which of MODEL_SERVERS answers; null: OPENAI_BASE_URL. Keys stay in the settings. */
            key_name: string | null;
            /** @default true */
            enabled: boolean;
            created_at: components["schemas"]["Time"];
            updated_at: components["schemas"]["Time"];
        };
        /** @description What an agent is to be; a new one needs its name. Members that only the service makes may be sent back as they were read, by whoever changes one; `updated_at` by whoever does not want to undo what others have changed since. */
        AgentFields: {
            /** @description For lists. */
            name?: string;
            /** @description The core of the system prompt; null: SYSTEM_PROMPT. */
            purpose?: string | null;
            custom_instructions?: string | null;
            escalation_instructions?: string | null;
            restricted_topics?: string | null;
            /** @description null: OPENAI_MODEL. */
            model?: string | null;
            /** @description At most three digits behind the point; null: OPENAI_TEMPERATURE. */
            temperature?: number | null;
            /** @description null: OPENAI_MAX_COMPLETION_TOKENS. */
            max_output_tokens?: number | null;
            /** @description The address of its model server, by key_name; null: the settings have none of that name any more. Cannot be another. */
            base_url?: string | null;
            /** @description Which of MODEL_SERVERS answers; null: OPENAI_BASE_URL. Keys stay in the settings. */
            key_name?: string | null;
            /** @default true */
            enabled: boolean;
            id?: components["schemas"]["Id"];
            organization_id?: components["schemas"]["Id"];
            created_at?: components["schemas"]["Time"];
            updated_at?: components["schemas"]["Time"];
        };
        /** @description What an agent has that says nothing of its own; null: the model server's own. */
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
            /** @description OPENAI_BASE_URL, which has no name, and MODEL_SERVERS. */
            servers: components["schemas"]["ModelServer"][];
            nextCursor: components["schemas"]["NextCursor"];
        };
        AgentTest: {
            /** @description The question. */
            message: string;
            /** @description What was said before it, the oldest first; the model sees as much of it as of a conversation, MAX_HISTORY_MESSAGES. */
            history?: {
                /** @enum {unknown} */
                role: "user" | "assistant";
                content: string;
            }[] | null;
            /** @description What is to be otherwise than it is stored, this time. */
            agent?: components["schemas"]["AgentFields"] | null;
        };
        Contact: {
            id: components["schemas"]["Id"];
            organization_id: components["schemas"]["Id"];
            name: string | null;
            /** @description Known again in whatever case. */
            email: string | null;
            /** @description Known again by its digits, and a + before them. */
            phone: string | null;
            created_at: components["schemas"]["Time"];
            updated_at: components["schemas"]["Time"];
        };
        /** @description What a contact is to be. Members that only the service makes may be sent back as they were read, by whoever changes one; `updated_at` by whoever does not want to undo what others have changed since. */
        ContactFields: {
            name?: string | null;
            /** @description Known again in whatever case. */
            email?: string | null;
            /** @description Known again by its digits, and a + before them. */
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
        /** @description The cursor of the next page; null: this is the last. */
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
            /** @description By a key, not by a session. */
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
            /** @description Where from. */
            address: string;
            /** @description By what: the User-Agent. */
            program: string;
            /** @description It is the session that asks. */
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
        /** @description What is to be otherwise. What else a user has may be sent back as it was read. */
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
            /** @description The user's; without it the password is DASHBOARD_PASSWORD. */
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
             * @description Whether a visitor may (`optional`) or must (`required`) leave contact details.
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
            /** @description Counted in UTF-16 code units. */
            content: string;
            id?: components["schemas"]["ClientMessageId"];
        };
        /** @description Who the visitor is. What the widget does not ask for is passed over; of what it asks for at least one must be given. */
        VisitorContact: {
            /** @constant */
            type: "contact_info";
            name?: string | null;
            email?: string | null;
            phone?: string | null;
        };
        /** @description No more of the reply that is being made; what came of it is kept. Without one it does nothing. */
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
            /** @description Oldest first; `id` and `status` (if it is not complete) with `stream=1` alone. */
            messages: {
                /** @enum {unknown} */
                role: "user" | "assistant";
                content: string;
                id?: components["schemas"]["Id"];
                status?: components["schemas"]["MessageStatus"];
            }[];
            /** @description With `stream=1` alone: the reply that is being written, told next from its beginning; null: none is. It is not among the messages. */
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
             * @description `user`: the visitor itself, over another WebSocket.
             * @enum {unknown}
             */
            role: "user" | "assistant";
            id: components["schemas"]["Id"];
            /** @description Of a reply that is not complete. */
            status?: components["schemas"]["MessageStatus"];
        };
        WidgetContactSaved: {
            /** @constant */
            type: "contact_info_saved";
        };
        WidgetError: {
            /** @constant */
            type: "error";
            /** @description A sentence for the visitor. */
            message: string;
            /** @description The same for programs: those of `POST /v1/chat`, and `invalid_message`, `too_many_waiting`, `invalid_contact_info`, `contact_not_asked`, `contact_pending`, `contact_required`, `daily_cap`, `widget_gone`, `agent_disabled`. */
            code: string;
            /** @description Of the visitor's message that it is about, if that has one. */
            id?: components["schemas"]["ClientMessageId"];
            /** @description Of `invalid_contact_info`: what would be right, for each field that is wrong. */
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
