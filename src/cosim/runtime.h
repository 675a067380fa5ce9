// Included before everything else when Verilator's runtime and a model are compiled: what the
// runtime would print or abort on becomes text and exceptions of the harness.
#pragma once
#define VL_USER_FATAL
#define VL_USER_STOP
#define VL_USER_FINISH
#define VL_USER_WARN
#define VL_PRINTF lprnn_printf
int lprnn_printf(const char* format, ...) __attribute__((format(printf, 1, 2)));
