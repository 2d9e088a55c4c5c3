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
            sessionId: components["schemas"]["SessionId"];
            createdAt: components["schemas"]["Time"];
            updatedAt: components["schemas"]["Time"];
            /** @description Its first 500 characters. */
            lastMessage: string;
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
            /** @description Of all pages together. */
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
        /** @description The cursor of the next page; null: this is the last. */
        NextCursor: string | null;
        Erased: {
            conversations: number;
            messages: number;
        };
        LoginRequest: {
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
export type NextCursor = components['schemas']['NextCursor'];
export type Erased = components['schemas']['Erased'];
export type LoginRequest = components['schemas']['LoginRequest'];
export type Document = components['schemas']['Document'];
export type $defs = Record<string, never>;
export type operations = Record<string, never>;
