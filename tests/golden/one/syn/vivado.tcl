# SPDX-License-Identifier: MIT OR Apache-2.0
# lprnn-hw 0.1.0
# one_top with Vivado, without a project, out of context; from any folder:
#   vivado -mode batch -source syn/vivado.tcl [-tclargs PART [PERIOD_NS]]
# Leaves one.dcp and two reports in the current folder.

set part   [expr {$argc > 0 ? [lindex $argv 0] : "xc7z020clg400-1"}]
set root   [file normalize [file join [file dirname [info script]] ..]]

read_verilog [list \
    [file join $root rtl/lprnn_0_1_0_delay.v] \
    [file join $root rtl/lprnn_0_1_0_ram.v] \
    [file join $root rtl/lprnn_0_1_0_add_tree.v] \
    [file join $root rtl/lprnn_0_1_0_requant.v] \
    [file join $root rtl/lprnn_0_1_0_step_buffer.v] \
    [file join $root rtl/lprnn_0_1_0_operands.v] \
    [file join $root rtl/lprnn_0_1_0_vector_buffer.v] \
    [file join $root rtl/lprnn_0_1_0_h_writer.v] \
    [file join $root rtl/lprnn_0_1_0_sequencer.v] \
    [file join $root rtl/lprnn_0_1_0_command.v] \
    [file join $root rtl/lprnn_0_1_0_accumulator.v] \
    [file join $root rtl/lprnn_0_1_0_lane_control.v] \
    [file join $root rtl/lprnn_0_1_0_group_fifo.v] \
    [file join $root rtl/lprnn_0_1_0_serializer.v] \
    [file join $root rtl/lprnn_0_1_0_state_policy.v] \
    [file join $root rtl/lprnn_0_1_0_trace.v] \
    [file join $root rtl/lprnn_0_1_0_lane_lstm.v] \
    [file join $root rtl/lprnn_0_1_0_da_row.v] \
    [file join $root rtl/lprnn_0_1_0_array_lut.v] \
    [file join $root rtl/lprnn_0_1_0_rom.v] \
    [file join $root rtl/one_l0_tables.v] \
    [file join $root rtl/one_l0.v] \
    [file join $root rtl/one_top.v] \
]

# $readmemh finds them by their bare names once they are read.
read_mem [list \
    [file join $root rtl/one_l0_weights.mem] \
    [file join $root rtl/one_l0_biases.mem] \
]

# A period on the command line takes the place of the one in the constraints.
if {$argc > 1} {
    set constraints one_period.xdc
    set channel [open $constraints w]
    puts $channel "create_clock -name aclk -period [lindex $argv 1] \[get_ports aclk\]"
    close $channel
} else {
    set constraints [file join $root syn one.xdc]
}
read_xdc -mode out_of_context $constraints

# A memory without its contents must stop the run, not become zeros.
set_msg_config -id {Synth 8-4445} -new_severity ERROR
set_msg_config -id {Synth 8-2898} -new_severity ERROR

synth_design -mode out_of_context -top one_top -part $part
report_utilization -file one_utilization.rpt
report_timing_summary -file one_timing.rpt
write_checkpoint -force one.dcp
