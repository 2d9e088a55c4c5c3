<?php
/**
 * Removes what the plugin has stored.
 *
 * @package banter-chat
 */

defined( 'WP_UNINSTALL_PLUGIN' ) || exit;
delete_option( 'banter_chat' );
