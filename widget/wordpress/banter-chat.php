<?php
/**
 * Plugin Name: banter chat
 * Description: A chat on your site that answers with AI and hands over to your team.
 * Version: 0.0.0
 * Requires at least: 6.1
 * Requires PHP: 7.4
 * License: GPL-2.0-or-later
 * License URI: https://www.gnu.org/licenses/gpl-2.0.html
 * Text Domain: banter-chat
 * Domain Path: /languages
 *
 * @package banter-chat
 *
 * A page has an element with the settings, and a script of the plugin that inserts the server's script. Both are the same
 * for everybody, so that page caches may keep them. Who is signed in is asked by that script, and only if a cookie says
 * that somebody is (visitor.php).
 */

defined( 'ABSPATH' ) || exit;

const BANTER_CHAT_VERSION = '0.0.0';
const BANTER_CHAT_OPTION  = 'banter_chat';

require __DIR__ . '/settings.php';
require __DIR__ . '/visitor.php';

/** The plugin's options, each of which exists. */
function banter_chat_options() {
	return array_merge(
		array(
			'server'      => '',
			'widget'      => '',
			'secret'      => '',
			'pages'       => '',
			'hidden_for'  => array(),
			'woocommerce' => false,
		),
		(array) get_option( BANTER_CHAT_OPTION, array() )
	);
}

/** Whether a path is one of these, one a line; `*` stands for any characters. None: every path is. */
function banter_chat_path_matches( $path, $lines ) {
	$wanted = array_filter( array_map( 'trim', explode( "\n", $lines ) ), 'strlen' );
	foreach ( $wanted as $one ) {
		$pattern = str_replace( '\*', '.*', preg_quote( $one, '#' ) );
		if ( preg_match( '#^' . $pattern . '$#u', $path ) || preg_match( '#^' . $pattern . '/$#u', $path ) ) {
			return true;
		}
	}
	return ! $wanted;
}

/** Whether the page has the chat for its own: by the block or the shortcode, which come before the footer. */
function banter_chat_is_placed( $now = false ) {
	static $placed = false;
	$placed        = $placed || $now;
	return $placed;
}

/** The page's path, as its visitors see it. */
function banter_chat_path() {
	// phpcs:ignore WordPress.Security -- it is compared only.
	$address = isset( $_SERVER['REQUEST_URI'] ) ? wp_unslash( $_SERVER['REQUEST_URI'] ) : '/';
	return rawurldecode( (string) wp_parse_url( $address, PHP_URL_PATH ) );
}

add_action( 'init', function () {
	load_plugin_textdomain( 'banter-chat', false, dirname( plugin_basename( __FILE__ ) ) . '/languages' );
	wp_register_script( 'banter-chat', plugins_url( 'start.js', __FILE__ ), array(), BANTER_CHAT_VERSION, true );
	wp_register_script(
		'banter-chat-block',
		plugins_url( 'block.js', __FILE__ ),
		array( 'wp-blocks', 'wp-block-editor', 'wp-element' ),
		BANTER_CHAT_VERSION,
		true
	);
	$texts = array(
		'title'  => __( 'Chat', 'banter-chat' ),
		'button' => __( 'Text of a button that opens the chat; empty: the chat itself', 'banter-chat' ),
	);
	wp_localize_script( 'banter-chat-block', 'banterChatTexts', $texts );
	register_block_type(
		'banter/chat',
		array(
			'api_version'     => 2,
			'editor_script'   => 'banter-chat-block',
			'render_callback' => 'banter_chat_place',
			'attributes'      => array( 'button' => array( 'type' => 'string', 'default' => '' ) ),
		)
	);
	add_shortcode( 'banter_chat', 'banter_chat_place' );
} );

/** The chat in the text of a page; with a text in `button`, a button that opens it. */
function banter_chat_place( $attributes ) {
	$options = banter_chat_options();
	$button  = is_array( $attributes ) ? trim( $attributes['button'] ?? '' ) : '';
	if ( '' === $options['server'] || '' === $options['widget'] ) {
		return '';
	}
	banter_chat_is_placed( true );
	if ( '' !== $button ) {
		return '<button type="button" class="wp-element-button" data-banter-open>' . esc_html( $button ) . '</button>';
	}
	return '<div data-banter-place style="height:min(36rem,80vh)"></div>';
}

add_action( 'wp_footer', function () {
	$options = banter_chat_options();
	$shows   = banter_chat_is_placed() || banter_chat_path_matches( banter_chat_path(), $options['pages'] );
	if ( '' === $options['server'] || '' === $options['widget'] || ! $shows ) {
		return;
	}
	$settings = array(
		'src'    => $options['server'] . '/api/widget/embed.js',
		'widget' => $options['widget'],
		'locale' => str_replace( '_', '-', get_locale() ),
		'ajax'   => admin_url( 'admin-ajax.php', 'relative' ),
		'cart'   => (bool) $options['woocommerce'],
	);
	echo '<div id="banter-chat" hidden data-settings="' . esc_attr( wp_json_encode( $settings ) ) . '"></div>' . "\n";
	wp_enqueue_script( 'banter-chat' );
}, 5 );

// Scripts that delay, join or rewrite others leave this one alone: WP Rocket, Autoptimize, LiteSpeed, Rocket Loader.
add_filter( 'script_loader_tag', function ( $tag, $handle ) {
	$attributes = 'defer nowprocket data-noptimize="1" data-no-optimize="1" data-no-defer="1" data-cfasync="false"';
	return 'banter-chat' === $handle ? str_replace( '<script ', "<script $attributes ", $tag ) : $tag;
}, 10, 2 );
add_filter( 'autoptimize_filter_js_exclude', function ( $list ) {
	return is_array( $list ) ? $list : $list . ', banter-chat/start.js';
} );
foreach ( array( 'rocket_exclude_js', 'rocket_exclude_defer_js', 'rocket_delay_js_exclusions' ) as $banter_chat_filter ) {
	add_filter( $banter_chat_filter, function ( $list ) {
		return array_merge( (array) $list, array( 'banter-chat/start.js' ) );
	} );
}
