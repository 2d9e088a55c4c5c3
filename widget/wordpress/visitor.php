<?php
/**
 * Who the visitor is: a cookie that scripts can read says that somebody is signed in, and the page's script then asks for
 * the name and its proof. A cached page has neither.
 *
 * @package banter-chat
 */

defined( 'ABSPATH' ) || exit;

const BANTER_CHAT_COOKIE = 'banter_user';

function banter_chat_set_cookie( $value, $expires ) {
	setcookie(
		BANTER_CHAT_COOKIE,
		$value,
		array(
			'expires'  => $expires,
			'path'     => COOKIEPATH ? COOKIEPATH : '/',
			'domain'   => (string) COOKIE_DOMAIN,
			'secure'   => is_ssl(),
			'samesite' => 'Lax',
		)
	);
}

/** Differs from user to user, and says nothing about them. */
function banter_chat_mark( $user_id ) {
	return substr( wp_hash( "banter-chat $user_id" ), 0, 12 );
}

add_action( 'set_logged_in_cookie', function ( $cookie, $expire, $expiration, $user_id ) {
	banter_chat_set_cookie( banter_chat_mark( $user_id ), $expire );
}, 10, 4 );

add_action( 'clear_auth_cookie', function () {
	banter_chat_set_cookie( '', 1 );
} );

// Those who signed in before the plugin was there, and those whose session has ended.
add_action( 'init', function () {
	$mark = is_user_logged_in() ? banter_chat_mark( get_current_user_id() ) : '';
	$has  = isset( $_COOKIE[ BANTER_CHAT_COOKIE ] ) ? sanitize_key( $_COOKIE[ BANTER_CHAT_COOKIE ] ) : '';
	if ( $mark !== $has && ! headers_sent() ) {
		banter_chat_set_cookie( $mark, '' === $mark ? 1 : 0 );
	}
} );

/** The order and the cart, as context of the conversation. */
function banter_chat_shop_facts( $user ) {
	$facts = array();
	if ( ! function_exists( 'WC' ) || ! function_exists( 'wc_get_orders' ) ) {
		return $facts;
	}
	if ( $user->ID ) {
		$query  = array( 'customer_id' => $user->ID, 'limit' => 1, 'orderby' => 'date', 'order' => 'DESC' );
		$orders = wc_get_orders( $query );
		if ( $orders ) {
			$facts['lastOrder']       = $orders[0]->get_order_number();
			$facts['lastOrderStatus'] = $orders[0]->get_status();
		}
	}
	$cart = WC()->cart;
	if ( $cart && $cart->get_cart_contents_count() > 0 ) {
		$facts['cartItems'] = $cart->get_cart_contents_count();
		$facts['cartTotal'] = html_entity_decode( wp_strip_all_tags( $cart->get_cart_total() ) );
	}
	return $facts;
}

/** Only the site's own pages can read the answer: it allows no other origin. */
function banter_chat_answer_who() {
	$options = banter_chat_options();
	$user    = wp_get_current_user();
	$answer  = array( 'hidden' => (bool) array_intersect( (array) $user->roles, $options['hidden_for'] ) );
	if ( $user->ID && '' !== $options['secret'] ) {
		$id                 = (string) $user->ID;
		$answer['identity'] = array(
			'userId' => $id,
			'hash'   => hash_hmac( 'sha256', $id, $options['secret'] ),
			'name'   => $user->display_name,
			'email'  => $user->user_email,
		);
	}
	if ( $options['woocommerce'] ) {
		$answer['context'] = (object) banter_chat_shop_facts( $user );
	}
	nocache_headers();
	wp_send_json( $answer );
}
add_action( 'wp_ajax_banter_chat_who', 'banter_chat_answer_who' );
add_action( 'wp_ajax_nopriv_banter_chat_who', 'banter_chat_answer_who' );
