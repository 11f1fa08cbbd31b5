/** @file net_sockets.h  Stands in for mbedTLS's, with its number. */
#pragma once

#define MBEDTLS_ERR_NET_CONN_RESET (-0x0050)
