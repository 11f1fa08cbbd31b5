/** @file sdkconfig.h  Bounds so small that a short input reaches them. */
#pragma once

#define CONFIG_TB_RX_TOPIC_MAX 24
#define CONFIG_TB_RX_PAYLOAD_MAX 40
