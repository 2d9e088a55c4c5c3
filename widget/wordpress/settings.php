<?php
/**
 * The settings page: Settings, Chat.
 *
 * @package banter-chat
 */

defined( 'ABSPATH' ) || exit;

add_action( 'admin_menu', function () {
	$title = __( 'Chat', 'banter-chat' );
	add_options_page( $title, $title, 'manage_options', 'banter-chat', 'banter_chat_show_settings' );
} );

add_action( 'admin_init', function () {
	register_setting(
		'banter_chat',
		BANTER_CHAT_OPTION,
		array( 'type' => 'array', 'sanitize_callback' => 'banter_chat_read_settings' )
	);
} );

/** What was sent, over what is stored; an invalid value stays as it was, with an error. */
function banter_chat_read_settings( $given ) {
	$options = banter_chat_options();
	$given   = (array) $given;
	// WordPress also calls this for options that a program sets.
	$text   = function ( $name ) use ( $given, $options ) {
		return isset( $given[ $name ] ) ? trim( (string) $given[ $name ] ) : $options[ $name ];
	};
	$server = untrailingslashit( esc_url_raw( $text( 'server' ), array( 'https', 'http' ) ) );
	$widget = $text( 'widget' );
	if ( '' === $server && '' !== $text( 'server' ) ) {
		add_settings_error( BANTER_CHAT_OPTION, 'server', __( 'The address must begin with https://.', 'banter-chat' ) );
		$server = $options['server'];
	}
	if ( '' !== $widget && ! preg_match( '/^wid_[A-Za-z0-9]{22}$/', $widget ) ) {
		add_settings_error( BANTER_CHAT_OPTION, 'widget', __( 'A widget id begins with wid_ and has 22 more characters.', 'banter-chat' ) );
		$widget = $options['widget'];
	}
	$secret = $text( 'secret' );
	if ( ! empty( $given['forget'] ) ) {
		$secret = '';
	} elseif ( '' === $secret ) {
		$secret = $options['secret'];
	}
	return array(
		'server'      => $server,
		'widget'      => $widget,
		'secret'      => $secret,
		'pages'       => str_replace( "\r", '', sanitize_textarea_field( $text( 'pages' ) ) ),
		'hidden_for'  => array_values( array_intersect( (array) ( $given['hidden_for'] ?? array() ), array_keys( wp_roles()->roles ) ) ),
		'woocommerce' => ! empty( $given['woocommerce'] ),
	);
}

/** A row of the form. */
function banter_chat_show_row( $name, $label, $field, $hint = '' ) {
	printf( '<tr><th scope="row"><label for="banter-%s">%s</label></th><td>', esc_attr( $name ), esc_html( $label ) );
	// The fields are made below, from escaped values.
	echo $field; // phpcs:ignore WordPress.Security.EscapeOutput
	if ( '' !== $hint ) {
		printf( '<p class="description">%s</p>', esc_html( $hint ) );
	}
	echo '</td></tr>';
}

function banter_chat_input( $name, $value, $more = 'type="text"' ) {
	return sprintf(
		'<input id="banter-%1$s" name="%2$s[%1$s]" value="%3$s" class="regular-text" %4$s>',
		esc_attr( $name ),
		BANTER_CHAT_OPTION,
		esc_attr( $value ),
		$more
	);
}

function banter_chat_checkbox( $name, $value, $is_on, $label ) {
	return sprintf(
		'<label><input type="checkbox" name="%s[%s]" value="%s"%s> %s</label><br>',
		BANTER_CHAT_OPTION,
		esc_attr( $name ),
		esc_attr( $value ),
		checked( $is_on, true, false ),
		esc_html( $label )
	);
}

function banter_chat_show_settings() {
	$o     = banter_chat_options();
	$roles = '';
	foreach ( wp_roles()->get_names() as $role => $name ) {
		$roles .= banter_chat_checkbox( 'hidden_for][', $role, in_array( $role, $o['hidden_for'], true ), translate_user_role( $name ) );
	}
	$secret = banter_chat_input( 'secret', '', 'type="password" autocomplete="new-password"' );
	if ( '' !== $o['secret'] ) {
		$secret .= '<br>' . banter_chat_checkbox( 'forget', '1', false, __( 'Remove the secret that is stored', 'banter-chat' ) );
	}
	echo '<div class="wrap"><h1>' . esc_html__( 'Chat', 'banter-chat' ) . '</h1><form action="options.php" method="post">';
	settings_fields( 'banter_chat' );
	echo '<table class="form-table" role="presentation">';
	banter_chat_show_row( 'server', __( 'Address of the chat server', 'banter-chat' ), banter_chat_input( 'server', $o['server'], 'type="url" placeholder="https://chat.example.com"' ) );
	banter_chat_show_row( 'widget', __( 'Widget id', 'banter-chat' ), banter_chat_input( 'widget', $o['widget'], 'type="text" placeholder="wid_…"' ), __( 'The dashboard shows it with the embed code.', 'banter-chat' ) );
	banter_chat_show_row( 'secret', __( 'Identity secret', 'banter-chat' ), $secret, '' === $o['secret'] ? __( 'With the secret of the widget, your team sees which user writes. It stays on this server.', 'banter-chat' ) : __( 'A secret is stored. Enter another one to replace it.', 'banter-chat' ) );
	banter_chat_show_row( 'pages', __( 'Only on these pages', 'banter-chat' ), sprintf( '<textarea id="banter-pages" name="%s[pages]" rows="4" class="large-text code">%s</textarea>', BANTER_CHAT_OPTION, esc_textarea( $o['pages'] ) ), __( 'Paths, one a line, such as /shop/*. Empty: on all pages. Pages with the block or the shortcode [banter_chat] always have the chat.', 'banter-chat' ) );
	banter_chat_show_row( 'hidden', __( 'Not for users with these roles', 'banter-chat' ), $roles );
	banter_chat_show_row( 'woocommerce', __( 'WooCommerce', 'banter-chat' ), banter_chat_checkbox( 'woocommerce', '1', $o['woocommerce'], __( 'Tell the chat the number of the last order and what is in the cart', 'banter-chat' ) ) );
	echo '</table>';
	submit_button();
	echo '</form></div>';
}

add_filter( 'plugin_action_links_' . plugin_basename( __DIR__ . '/banter-chat.php' ), function ( $links ) {
	$url = admin_url( 'options-general.php?page=banter-chat' );
	return array_merge( array( '<a href="' . esc_url( $url ) . '">' . esc_html__( 'Settings', 'banter-chat' ) . '</a>' ), $links );
} );
