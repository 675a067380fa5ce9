# SPDX-License-Identifier: MIT OR Apache-2.0
# lprnn-hw 0.1.0
# onebit_top by itself, out of context: 10.000 ns, streams and reset synchronous to aclk. In a design the
# clock is the design's: leave this file out, or set its property USED_IN to {synthesis out_of_context}.
create_clock -name aclk -period 10.000 [get_ports aclk]
