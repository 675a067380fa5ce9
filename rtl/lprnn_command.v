// lprnn_command - takes a block's command from the sequencer to where it acts.
//
//   rows       -> START -> memories of weights and operands
//   strobes    -> START + CHAIN: operands are read -> START + LATENCY: sums are there
//   flags      -> START + LATENCY
//
// A command is {weight row, vector row | sum, group end, step end | recurrent, fresh, last, context}: what
// the block reads, what it starts, and what else is said of it. Only the strobes are zero after rst.
// Latency: START cycles to the rows, START + CHAIN to released_o, START + LATENCY to the rest.

`default_nettype none

module lprnn_command #(
    parameter BLOCKS    = 8,   // blocks of a group
    parameter GROUPS    = 64,  // groups of units
    parameter START     = 0,   // 1: a register between the sequencer and all that it starts
    parameter CHAIN     = 8,   // stages of a chain, the last of which reads CHAIN-1 cycles after the first
    parameter LATENCY   = 12,  // cycles from a block's rows to its sums, more than CHAIN
    parameter CONTEXT_W = 0,   // bits of a context; 0: there is one only, its ports are idle
    parameter BANK_W    = 1    // bits of the number of a bank of the vector buffer
) (
    input  wire                                                       clk,
    input  wire                                                       rst,
    // the block that starts in this cycle
    input  wire [$clog2((BLOCKS*GROUPS > 1) ? BLOCKS*GROUPS : 2)-1:0] weight_row_i,
    input  wire [$clog2((BLOCKS > 1) ? BLOCKS : 2)+BANK_W-1:0]        vector_row_i, // {bank, block}
    input  wire                                                       sum_i,        // it counts
    input  wire                                                       group_end_i,  // the last of its group
    input  wire                                                       step_end_i,   // and of its step
    input  wire                                                       recurrent_i,  // it belongs to h
    input  wire                                                       fresh_i,      // its step starts from zero
    input  wire                                                       last_i,       // TLAST of its step
    input  wire [((CONTEXT_W > 0) ? CONTEXT_W : 1)-1:0]               context_i,    // number of its sequence
    // rows to read
    output wire [$clog2((BLOCKS*GROUPS > 1) ? BLOCKS*GROUPS : 2)-1:0] weight_row_o,
    output wire [$clog2((BLOCKS > 1) ? BLOCKS : 2)+BANK_W-1:0]        vector_row_o,
    // a step's operands have all been read
    output wire                                                       released_o,
    // the block whose sums are there in this cycle
    output wire                                                       sum_o,
    output wire                                                       group_end_o,
    output wire                                                       step_end_o,
    output wire                                                       recurrent_o,
    output wire                                                       fresh_o,
    output wire                                                       last_o,
    output wire [((CONTEXT_W > 0) ? CONTEXT_W : 1)-1:0]               context_o
);

    localparam WEIGHT_ROW_W = $clog2((BLOCKS*GROUPS > 1) ? BLOCKS*GROUPS : 2);
    localparam VECTOR_ROW_W = $clog2((BLOCKS > 1) ? BLOCKS : 2) + BANK_W;

    generate
        if (LATENCY <= CHAIN) begin : gen_param_check
            error_lprnn_command_sums_before_operands u_illegal_parameters ();
        end
    endgenerate

    wire read_sum;
    wire read_group_end;

    lprnn_delay #(
        .WIDTH  (WEIGHT_ROW_W + VECTOR_ROW_W),
        .CYCLES (START),
        .RESET  (0)
    ) u_rows (
        .clk    (clk),
        .rst    (rst),
        .data_i ({weight_row_i, vector_row_i}),
        .data_o ({weight_row_o, vector_row_o})
    );

    lprnn_delay #(
        .WIDTH  (3),
        .CYCLES (START + CHAIN),
        .RESET  (1)
    ) u_strobes_read (
        .clk    (clk),
        .rst    (rst),
        .data_i ({sum_i, group_end_i, step_end_i}),
        .data_o ({read_sum, read_group_end, released_o})
    );

    lprnn_delay #(
        .WIDTH  (3),
        .CYCLES (LATENCY - CHAIN),
        .RESET  (1)
    ) u_strobes (
        .clk    (clk),
        .rst    (rst),
        .data_i ({read_sum, read_group_end, released_o}),
        .data_o ({sum_o, group_end_o, step_end_o})
    );

    lprnn_delay #(
        .WIDTH  (3),
        .CYCLES (START + LATENCY),
        .RESET  (0)
    ) u_flags (
        .clk    (clk),
        .rst    (rst),
        .data_i ({recurrent_i, fresh_i, last_i}),
        .data_o ({recurrent_o, fresh_o, last_o})
    );

    generate
        if (CONTEXT_W > 0) begin : gen_context
            lprnn_delay #(
                .WIDTH  (CONTEXT_W),
                .CYCLES (START + LATENCY),
                .RESET  (0)
            ) u_context (
                .clk    (clk),
                .rst    (rst),
                .data_i (context_i),
                .data_o (context_o)
            );
        end else begin : gen_one_context
            assign context_o = 1'b0;
        end
    endgenerate

endmodule

`default_nettype wire
