// lprnn_ram - a memory with one write port and one read port.
//
//   write_addr_i, data_i -> [ DEPTH x WIDTH ] -> (register) -> data_o
//                               ^ read_addr_i
//
// Latency of a read: LATENCY cycles, 0 or 1. Contents start undefined, and so is what a read gives of an
// address that is written in the same cycle: whoever reads does not use such a word.

`default_nettype none

module lprnn_ram #(
    parameter WIDTH   = 16,            // bits of a word
    parameter DEPTH   = 64,            // words
    parameter LATENCY = 1,             // 1: registered output
    parameter STYLE   = "distributed"  // "distributed", "block" or "auto"
) (
    input  wire                                       clk,
    input  wire [$clog2((DEPTH > 1) ? DEPTH : 2)-1:0] read_addr_i,
    output wire [WIDTH-1:0]                           data_o,
    input  wire                                       write_i,
    input  wire [$clog2((DEPTH > 1) ? DEPTH : 2)-1:0] write_addr_i,
    input  wire [WIDTH-1:0]                           data_i
);

`ifdef VERILATOR
    // Old ones (5.006) read a wide row before they look whether the address, random until reset, is
    // one of the memory's: so that every address is.
    localparam ROWS = 1 << $clog2((DEPTH > 1) ? DEPTH : 2);
`else
    localparam ROWS = DEPTH;
`endif

    generate
        if (LATENCY < 0 || LATENCY > 1) begin : gen_param_check
            error_lprnn_ram_latency_beyond_one u_illegal_parameters ();
        end
    endgenerate

    // Vivado and Yosys take the style; the others (Quartus, Synplify, Gowin) choose themselves, and learn
    // that a read of the address that is being written does not matter.
`ifdef YOSYS
    (* ram_style = STYLE *)
`elsif __slang__
    (* ram_style = STYLE *)
`else
    (* ram_style = STYLE, ramstyle = "no_rw_check", syn_ramstyle = "no_rw_check" *)
`endif
    reg [WIDTH-1:0] memory [0:ROWS-1];

    always @(posedge clk) begin
        if (write_i) begin
            memory[write_addr_i] <= data_i;
        end
    end

    generate
        if (LATENCY == 0) begin : gen_at_once
            assign data_o = memory[read_addr_i];
        end else begin : gen_registered
            reg [WIDTH-1:0] read_q;
            always @(posedge clk) read_q <= memory[read_addr_i];
            assign data_o = read_q;
        end
    endgenerate

endmodule

`default_nettype wire
