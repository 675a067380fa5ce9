// lprnn_lane_control - the program of the lanes, once for all lanes of a layer.
//
//   group_end_i -> phase 0 -> phase 1 -> ... -> phase DEPTH = done_o
//     |  bias address, a sum a cycle     |  state read, write
//
// A group's last sums are there in the cycle after group_end_i: phase 0, phase_o[0]. Its SUMS sums have
// their turns in phases 0, 1, ...: turn_o. Their biases are addressed from group_end_i on, so that data of
// a memory of two cycles is there in phases 1, 2, ... The state is read in phase STATE_READ and there, with
// state_fresh_o, in the next; it is written in phase STATE_WRITE. What is said with group_end_i comes out
// with done_o. Groups end at least SUMS cycles apart. Latency: DEPTH + 1 cycles from group_end_i to done_o.

`default_nettype none

module lprnn_lane_control #(
    parameter GROUPS      = 64,  // groups of units
    parameter SUMS        = 4,   // sums of a unit
    parameter DEPTH       = 16,  // phase in which h is there
    parameter STATE_READ  = 5,   // phase in which the state is read
    parameter STATE_WRITE = 10,  // and written
    parameter CONTEXT_W   = 0    // bits of a context; 0: there is one only
) (
    input  wire                                                   clk,
    input  wire                                                   rst,
    // what the sums of this cycle are
    input  wire                                                   group_end_i,
    input  wire                                                   step_end_i,
    input  wire                                                   fresh_i,
    input  wire                                                   last_i,
    input  wire [((CONTEXT_W > 0) ? CONTEXT_W : 1)-1:0]           context_i,
    // biases, {group, fresh, sum}
    output wire [$clog2(GROUPS)+$clog2(SUMS):0]                   bias_addr_o,
    // lanes
    output wire [DEPTH-1:0]                                       phase_o,
    output wire [$clog2(SUMS)-1:0]                                turn_o,
    // state, {context, group}
    output wire [CONTEXT_W+$clog2((GROUPS > 1) ? GROUPS : 2)-1:0] state_read_addr_o,
    output wire                                                   state_fresh_o,
    output wire                                                   state_write_o,
    output wire [CONTEXT_W+$clog2((GROUPS > 1) ? GROUPS : 2)-1:0] state_write_addr_o,
    // h of a group
    output wire                                                   done_o,
    output wire                                                   step_end_o,
    output wire                                                   fresh_o,
    output wire                                                   last_o
);

    localparam GROUP_W = $clog2((GROUPS > 1) ? GROUPS : 2);
    localparam SUM_W   = $clog2(SUMS);
    localparam BIAS_W  = $clog2(GROUPS) + 1 + SUM_W;

    localparam integer LAST_GROUP_INT = GROUPS - 1;
    localparam [GROUP_W-1:0] LAST_GROUP = LAST_GROUP_INT[GROUP_W-1:0];
    localparam integer LAST_SUM_INT = SUMS - 1;
    localparam [SUM_W-1:0] LAST_SUM = LAST_SUM_INT[SUM_W-1:0];

    generate
        if (SUMS < 2 || STATE_READ + 1 >= DEPTH || STATE_WRITE >= DEPTH) begin : gen_param_check
            error_lprnn_lane_control_illegal_program u_illegal_parameters ();
        end
    endgenerate

    // ---- phases ------------------------------------------------------------------------------
    reg [DEPTH:0] phase_q;

    always @(posedge clk) begin
        if (rst) begin
            phase_q <= {(DEPTH+1){1'b0}};
        end else begin
            phase_q <= {phase_q[DEPTH-1:0], group_end_i};
        end
    end

    assign phase_o = phase_q[DEPTH-1:0];
    assign done_o  = phase_q[DEPTH];

    // ---- biases and turns --------------------------------------------------------------------
    reg [GROUP_W-1:0] bias_group_q;
    reg [SUM_W-1:0]   bias_sum_q;
    reg               bias_fresh_q;
    reg [SUM_W-1:0]   turn_q;

    wire last_sum = (bias_sum_q == LAST_SUM);

    always @(posedge clk) begin
        if (group_end_i) begin
            bias_fresh_q <= fresh_i;
        end
        if (rst) begin
            bias_group_q <= {GROUP_W{1'b0}};
            bias_sum_q   <= {SUM_W{1'b0}};
            turn_q       <= {SUM_W{1'b0}};
        end else begin
            turn_q <= bias_sum_q;
            if (group_end_i | (|bias_sum_q)) begin
                bias_sum_q <= last_sum ? {SUM_W{1'b0}} : bias_sum_q + 1'b1;
            end
            if (last_sum) begin
                bias_group_q <= (bias_group_q == LAST_GROUP) ? {GROUP_W{1'b0}} : bias_group_q + 1'b1;
            end
        end
    end

    wire [GROUP_W+SUM_W:0] bias_addr = {bias_group_q, group_end_i ? fresh_i : bias_fresh_q, bias_sum_q};

    assign bias_addr_o = bias_addr[BIAS_W-1:0];
    assign turn_o      = turn_q;

    // ---- state -------------------------------------------------------------------------------
    reg [GROUP_W-1:0] read_q;
    reg [GROUP_W-1:0] write_q;

    always @(posedge clk) begin
        if (rst) begin
            read_q  <= {GROUP_W{1'b0}};
            write_q <= {GROUP_W{1'b0}};
        end else begin
            if (phase_q[STATE_READ]) begin
                read_q <= (read_q == LAST_GROUP) ? {GROUP_W{1'b0}} : read_q + 1'b1;
            end
            if (phase_q[STATE_WRITE]) begin
                write_q <= (write_q == LAST_GROUP) ? {GROUP_W{1'b0}} : write_q + 1'b1;
            end
        end
    end

    assign state_write_o = phase_q[STATE_WRITE];

    generate
        if (CONTEXT_W > 0) begin : gen_context
            wire [CONTEXT_W-1:0] read_context;
            wire [CONTEXT_W-1:0] write_context;

            lprnn_delay #(
                .WIDTH  (CONTEXT_W),
                .CYCLES (STATE_READ + 1),
                .RESET  (0)
            ) u_read_context (
                .clk    (clk),
                .rst    (rst),
                .data_i (context_i),
                .data_o (read_context)
            );

            lprnn_delay #(
                .WIDTH  (CONTEXT_W),
                .CYCLES (STATE_WRITE - STATE_READ),
                .RESET  (0)
            ) u_write_context (
                .clk    (clk),
                .rst    (rst),
                .data_i (read_context),
                .data_o (write_context)
            );

            assign state_read_addr_o  = {read_context, read_q};
            assign state_write_addr_o = {write_context, write_q};
        end else begin : gen_one_context
            assign state_read_addr_o  = read_q;
            assign state_write_addr_o = write_q;
        end
    endgenerate

    // ---- what is said of the group -----------------------------------------------------------
    lprnn_delay #(
        .WIDTH  (1),
        .CYCLES (STATE_READ + 2),
        .RESET  (0)
    ) u_state_fresh (
        .clk    (clk),
        .rst    (rst),
        .data_i (fresh_i),
        .data_o (state_fresh_o)
    );

    lprnn_delay #(
        .WIDTH  (1),
        .CYCLES (DEPTH - 1 - STATE_READ),
        .RESET  (0)
    ) u_fresh (
        .clk    (clk),
        .rst    (rst),
        .data_i (state_fresh_o),
        .data_o (fresh_o)
    );

    lprnn_delay #(
        .WIDTH  (2),
        .CYCLES (DEPTH + 1),
        .RESET  (0)
    ) u_flags (
        .clk    (clk),
        .rst    (rst),
        .data_i ({step_end_i, last_i}),
        .data_o ({step_end_o, last_o})
    );

endmodule

`default_nettype wire
