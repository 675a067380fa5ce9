# SPDX-License-Identifier: MIT OR Apache-2.0
# lprnn-hw 0.1.0
# onebit_top: 10.000 ns. The streams and the reset are synchronous to aclk.
create_clock -name aclk -period 10.000 [get_ports aclk]
