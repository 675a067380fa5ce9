// lprnn_layer - one LSTM layer: stream in, stream out, memories outside.
//
//   s_axis -> loader -> vector buffer [x | h] -> MAC array -> accumulators -> lanes -> output -> m_axis
//                            ^                                                  |
//                            +------------------- h writer ---------------------+
//
// The sequencer starts one block of COLUMNS products for 4*LANES rows in every cycle it can.
// All widths, shifts and counts are decided by the generator.

`default_nettype none

module lprnn_layer #(
    // shape and folding
    parameter LANES         = 1,
    parameter COLUMNS       = 16,
    parameter CHAIN         = 8,
    parameter CHAINS        = 1,
    parameter GROUPS        = 64,
    parameter GROUP_W       = 6,
    parameter X_BLOCKS      = 4,
    parameter H_BLOCKS      = 4,
    parameter H_CREDIT_W    = 3,
    parameter BLOCKS        = 8,
    parameter BLOCK_W       = 3,
    parameter H_SLOTS       = 16,
    parameter H_SUBBLOCKS   = 1,
    parameter LAST_UNITS    = 1,
    parameter USED_COLUMNS  = 16,   // columns that hold an element in some block
    // streams
    parameter IN_ELEMENTS   = 1,
    parameter IN_ELEMENT_W  = 8,
    parameter IN_BEATS      = 64,
    parameter IN_BEAT_W     = 6,
    parameter IN_SLOTS      = 16,
    parameter IN_LAST       = 1,    // elements of a step's last beat
    parameter OUT_ELEMENTS  = 1,
    parameter OUT_ELEMENT_W = 8,
    parameter OUT_BEATS     = 1,    // beats of a group
    parameter OUT_BEAT_W    = 1,
    parameter OUT_LAST_BEATS = 1,   // beats of the last group
    parameter OUT_LAST      = 1,    // elements of a step's last beat
    parameter QUEUE_W       = 2,    // log2 of the groups of results that fit
    // formats
    parameter X_W           = 4,
    parameter H_W           = 4,
    parameter ACT_W         = 4,    // the wider of X_W and H_W
    parameter WEIGHT_W      = 4,
    parameter Z_W           = 8,
    parameter A_FRAC        = 8,
    parameter C_W           = 16,
    parameter FC_SHIFT      = 0,
    parameter IG_SHIFT      = 2,
    parameter ZC_SHIFT      = 6,
    parameter H_SHIFT       = 13,
    parameter B_W           = 16,
    parameter P_W           = 27,
    parameter CHAIN_W       = 8,
    parameter SUM_W         = 14,
    parameter ACC_W         = 20,
    parameter Z_SHIFT       = 8,
    parameter [31:0] SHIFT_X = 32'h0,  // alignment of gates o, g, f, i, 8 bits each
    parameter [31:0] SHIFT_H = 32'h0,
    // implementation
    parameter MAC_DSP       = 0,    // 0: lprnn_mac_lut, 1: lprnn_mac_dsp, 2: lprnn_mac_mult
    parameter STAGE         = 2,    // columns of a chain's stage
    parameter FIELDS        = 1,    // rows of a DSP block
    parameter FIELD_W       = 20,
    parameter DSP_W_W       = 25,
    parameter DSP_A_W       = 18,
    parameter DSP_P_W       = 48,
    parameter MAC_LATENCY   = 11,   // from a block's addresses to its sums
    parameter START_REG     = 0,    // 1: a register between the sequencer and everything it starts
    parameter MUX_REG       = 0,
    parameter TABLE_REG     = 0,    // 1: a register behind the activation tables
    parameter TANH_DELAY    = 0,    // see lprnn_lane
    parameter VECTOR_STYLE  = "distributed",
    parameter STATE_STYLE   = "distributed",
    parameter QUEUE_STYLE   = "distributed",
    // memories
    parameter WEIGHT_ADDR_W = 9,
    parameter BIAS_ADDR_W   = 9
) (
    input  wire                                  clk,
    input  wire                                  rst,
    // x
    input  wire                                  s_valid_i,
    output wire                                  s_ready_o,
    input  wire [IN_ELEMENTS*IN_ELEMENT_W-1:0]   s_data_i,
    input  wire                                  s_last_i,
    input  wire                                  s_fresh_i,
    // h
    output wire                                  m_valid_o,
    input  wire                                  m_ready_i,
    output wire [OUT_ELEMENTS*OUT_ELEMENT_W-1:0] m_data_o,
    output wire                                  m_last_o,
    output wire                                  m_fresh_o,
    // weights of all rows and columns of a block, data 2 cycles after the address
    output wire [WEIGHT_ADDR_W-1:0]              weight_addr_o,
    input  wire [4*LANES*COLUMNS*WEIGHT_W-1:0]   weight_data_i,
    // bias of one gate of a group, {group, fresh, gate}, data 2 cycles after the address
    output wire [BIAS_ADDR_W-1:0]                bias_addr_o,
    input  wire [LANES*ACC_W-1:0]                bias_data_i,
    // tables of every unit, data 1 cycle after the address
    output wire [LANES*(Z_W+1)-1:0]              gate_addr_o,
    input  wire [LANES*(A_FRAC+2)-1:0]           gate_data_i,
    output wire [LANES*Z_W-1:0]                  tanh_addr_o,
    input  wire [LANES*(A_FRAC+2)-1:0]           tanh_data_i
`ifdef LPRNN_TRACE
    // pre-activations as they are computed
    ,
    output wire                                  trace_valid_o,
    output wire [1:0]                            trace_gate_o,   // 0 i, 1 f, 2 g, 3 o
    output wire [15:0]                           trace_group_o,
    output wire [LANES*Z_W-1:0]                  trace_z_o
`endif
);

    localparam ROWS = 4*LANES;
    localparam A_W  = A_FRAC + 2;

    localparam PHASES = 16 + TABLE_REG + TANH_DELAY;  // of a lane; h is there in the next one
    localparam LINE_W = MAC_LATENCY + PHASES + 1;

    generate
        if (BLOCKS < 5 + TANH_DELAY || (7 + TANH_DELAY) % BLOCKS == 0 || (6 + TANH_DELAY) % BLOCKS == 0)
        begin : gen_param_check
            error_lprnn_layer_groups_clash_in_the_lane u_illegal_parameters ();
        end
    endgenerate

    // ---- operands in -------------------------------------------------------------------------
    wire [1:0]          x_steps;
    wire                x_begun;
    wire                released;
    wire                step_fresh;
    wire                step_last;
    wire                bank;
    wire                x_write;
    wire [IN_SLOTS-1:0] x_slot;
    wire                x_last_beat;
    wire [BLOCK_W:0]    x_addr;
    wire                h_active;

    lprnn_loader #(
        .BEATS    (IN_BEATS),
        .BEAT_W   (IN_BEAT_W),
        .SLOTS    (IN_SLOTS),
        .BLOCK_W  (BLOCK_W)
    ) u_loader (
        .clk          (clk),
        .rst          (rst),
        .s_valid_i    (s_valid_i),
        .s_ready_o    (s_ready_o),
        .s_last_i     (s_last_i),
        .s_fresh_i    (s_fresh_i),
        .blocked_i    (h_active),
        .write_o      (x_write),
        .slot_o       (x_slot),
        .last_beat_o  (x_last_beat),
        .write_addr_o (x_addr),
        .begun_i      (x_begun),
        .released_i   (released),
        .steps_o      (x_steps),
        .bank_i       (bank),
        .fresh_o      (step_fresh),
        .last_o       (step_last)
    );

    // Offset binary: the sign bit inverted, which makes every activation unsigned.
    wire [IN_ELEMENTS*ACT_W-1:0] x_elements;
    wire [LANES*H_W-1:0]         h;
    wire [LANES*ACT_W-1:0]       h_elements;

    genvar e, u, s, k;
    generate
        for (e = 0; e < IN_ELEMENTS; e = e + 1) begin : gen_x_element
            wire [IN_ELEMENT_W-1:0] element = s_data_i[e*IN_ELEMENT_W +: IN_ELEMENT_W];
            wire [X_W-1:0]          code;
            if (X_W == 1) begin : gen_sign
                assign code = ~element[IN_ELEMENT_W-1];
            end else begin : gen_offset
                assign code = {~element[X_W-1], element[X_W-2:0]};
            end
            if (X_W < ACT_W) begin : gen_extend
                assign x_elements[e*ACT_W +: ACT_W] = {{(ACT_W-X_W){1'b0}}, code};
            end else begin : gen_full
                assign x_elements[e*ACT_W +: ACT_W] = code;
            end
        end

        for (u = 0; u < LANES; u = u + 1) begin : gen_h_element
            wire [H_W-1:0] code;
            if (H_W == 1) begin : gen_sign
                assign code = h[u];
            end else begin : gen_offset
                assign code = {~h[u*H_W+H_W-1], h[u*H_W +: H_W-1]};
            end
            if (H_W < ACT_W) begin : gen_extend
                assign h_elements[u*ACT_W +: ACT_W] = {{(ACT_W-H_W){1'b0}}, code};
            end else begin : gen_full
                assign h_elements[u*ACT_W +: ACT_W] = code;
            end
        end
    endgenerate

    // ---- vector buffer -----------------------------------------------------------------------
    // A place that holds no element has weight 0, whose product is 0 whatever the operand is; in
    // simulation, undefined operands make it undefined in every array but one. One-bit weights have no
    // 0: there the operand must be zero. Such places are written with the elements of the same block,
    // so that nothing depends on what a memory holds at power-up.
    localparam PAD = (WEIGHT_W == 1) ? 2 : (MAC_DSP != 0 || MUX_REG != 0) ? 1 : 0;

    // Columns of x in its last block, and in any.
    localparam X_LAST_END = ((IN_BEATS - 1) % IN_SLOTS)*IN_ELEMENTS + IN_LAST;
    localparam X_USED     = (X_BLOCKS > 1) ? IN_SLOTS*IN_ELEMENTS : X_LAST_END;

    wire                     group_done;  // h of a group is there
    wire                     h_written;
    wire [COLUMNS-1:0]       h_write;
    wire [BLOCK_W:0]         h_addr;
    wire [COLUMNS*ACT_W-1:0] h_data;
    wire [COLUMNS-1:0]       column_write;
    wire [COLUMNS*ACT_W-1:0] column_data;
    wire [BLOCK_W:0]         vector_addr;
    wire [COLUMNS*ACT_W-1:0] act;

    lprnn_h_writer #(
        .LANES      (LANES),
        .COLUMNS    (COLUMNS),
        .ACT_W      (ACT_W),
        .SLOTS      (H_SLOTS),
        .SUBBLOCKS  (H_SUBBLOCKS),
        .GROUPS     (GROUPS),
        .GROUP_W    (GROUP_W),
        .LAST_UNITS (LAST_UNITS),
        .X_BLOCKS   (X_BLOCKS),
        .BLOCK_W    (BLOCK_W),
        .PAD        (PAD)
    ) u_h_writer (
        .clk          (clk),
        .rst          (rst),
        .group_i      (group_done),
        .units_i      (h_elements),
        .active_o     (h_active),
        .written_o    (h_written),
        .write_o      (h_write),
        .write_addr_o (h_addr),
        .data_o       (h_data)
    );

    generate
        for (s = 0; s < COLUMNS; s = s + 1) begin : gen_column
            wire [ACT_W-1:0] x_element = x_elements[(s % IN_ELEMENTS)*ACT_W +: ACT_W];
            wire [ACT_W-1:0] h_element = h_data[s*ACT_W +: ACT_W];
            if (s >= X_USED) begin : gen_h_only
                assign column_write[s] = h_write[s] | ((PAD != 0) & x_write);
                assign column_data[s*ACT_W +: ACT_W] = (PAD != 0 && ~h_active) ? {ACT_W{1'b0}} : h_element;
            end else if (PAD != 0 && s >= X_LAST_END) begin : gen_padded
                assign column_write[s] = h_write[s] | (x_write & (x_slot[s / IN_ELEMENTS] | x_last_beat));
                assign column_data[s*ACT_W +: ACT_W] = h_active ? h_element
                                                     : x_last_beat ? {ACT_W{1'b0}} : x_element;
            end else begin : gen_shared
                assign column_write[s] = h_write[s] | (x_write & x_slot[s / IN_ELEMENTS]);
                assign column_data[s*ACT_W +: ACT_W] = h_active ? h_element : x_element;
            end
        end
    endgenerate

    lprnn_vector_buffer #(
        .COLUMNS   (COLUMNS),
        .ACT_W     (ACT_W),
        .CHAIN     (CHAIN),
        .STAGE     (STAGE),
        .ADDR_W    (BLOCK_W + 1),
        .USED      (USED_COLUMNS),
        .STYLE     (VECTOR_STYLE)
    ) u_vector_buffer (
        .clk          (clk),
        .read_addr_i  (vector_addr),
        .act_o        (act),
        .write_i      (column_write),
        .write_addr_i (h_active ? h_addr : x_addr),
        .write_data_i (column_data)
    );

    // ---- array -------------------------------------------------------------------------------
    wire result_taken;

    // What the sequencer starts: addresses, what the block is, flags of its step.
    localparam START_W = WEIGHT_ADDR_W + BLOCK_W + 7;
    wire [START_W-1:0] decided;
    wire [START_W-1:0] started;

    wire start_sum;
    wire start_recurrent;
    wire start_group_end;
    wire start_step_end;
    wire start_fresh;
    wire start_last;

    lprnn_sequencer #(
        .X_BLOCKS   (X_BLOCKS),
        .H_BLOCKS   (H_BLOCKS),
        .BLOCKS     (BLOCKS),
        .BLOCK_W    (BLOCK_W),
        .GROUPS     (GROUPS),
        .GROUP_W    (GROUP_W),
        .ADDR_W     (WEIGHT_ADDR_W),
        .CHAIN      (CHAIN),
        .RESULTS    (1 << QUEUE_W),
        .RESULTS_W  (QUEUE_W + 1),
        .H_CREDIT_W (H_CREDIT_W),
        .AVOID      (6 + TANH_DELAY)
    ) u_sequencer (
        .clk            (clk),
        .rst            (rst),
        .x_steps_i      (x_steps),
        .h_written_i    (h_written),
        .result_taken_i (result_taken),
        .x_begun_o      (x_begun),
        .fresh_i        (step_fresh),
        .weight_addr_o  (decided[START_W-1 -: WEIGHT_ADDR_W]),
        .vector_addr_o  (decided[6 +: BLOCK_W+1]),
        .bank_o         (bank),
        .sum_o          (decided[0]),
        .recurrent_o    (decided[1]),
        .group_end_o    (decided[2]),
        .step_end_o     (decided[3])
    );

    assign decided[4] = step_fresh;
    assign decided[5] = step_last;

    generate
        if (START_REG != 0) begin : gen_start_reg
            reg [START_W-1:0] started_q;
            always @(posedge clk) begin
                started_q <= decided;
                if (rst) begin
                    started_q[3:0] <= 4'd0;
                end
            end
            assign started = started_q;
        end else begin : gen_start_wire
            assign started = decided;
        end
    endgenerate

    assign weight_addr_o   = started[START_W-1 -: WEIGHT_ADDR_W];
    assign vector_addr     = started[6 +: BLOCK_W+1];
    assign start_sum       = started[0];
    assign start_recurrent = started[1];
    assign start_group_end = started[2];
    assign start_step_end  = started[3];
    assign start_fresh     = started[4];
    assign start_last      = started[5];

    wire [ROWS*(SUM_W)-1:0] sums;

    generate
        if (MAC_DSP == 2) begin : gen_mac_mult
            lprnn_mac_mult #(
                .ROWS     (ROWS),
                .COLUMNS  (COLUMNS),
                .CHAIN    (CHAIN),
                .CHAINS   (CHAINS),
                .FIELDS   (FIELDS),
                .FIELD_W  (FIELD_W),
                .ACT_W    (ACT_W),
                .WEIGHT_W (WEIGHT_W),
                .W_W      (DSP_W_W),
                .A_W      (DSP_A_W),
                .CHAIN_W  (CHAIN_W),
                .SUM_W    (SUM_W)
            ) u_mac (
                .clk      (clk),
                .act_i    (act),
                .weight_i (weight_data_i),
                .sum_o    (sums)
            );
        end else if (MAC_DSP != 0) begin : gen_mac_dsp
            lprnn_mac_dsp #(
                .ROWS     (ROWS),
                .COLUMNS  (COLUMNS),
                .CHAIN    (CHAIN),
                .CHAINS   (CHAINS),
                .FIELDS   (FIELDS),
                .FIELD_W  (FIELD_W),
                .ACT_W    (ACT_W),
                .WEIGHT_W (WEIGHT_W),
                .W_W      (DSP_W_W),
                .A_W      (DSP_A_W),
                .P_W      (DSP_P_W),
                .SUM_W    (SUM_W)
            ) u_mac (
                .clk      (clk),
                .act_i    (act),
                .weight_i (weight_data_i),
                .sum_o    (sums)
            );
        end else begin : gen_mac_lut
            lprnn_mac_lut #(
                .ROWS     (ROWS),
                .COLUMNS  (COLUMNS),
                .CHAIN    (CHAIN),
                .CHAINS   (CHAINS),
                .ACT_W    (ACT_W),
                .WEIGHT_W (WEIGHT_W),
                .MUX_REG  (MUX_REG),
                .CHAIN_W  (CHAIN_W),
                .SUM_W    (SUM_W)
            ) u_mac (
                .clk      (clk),
                .act_i    (act),
                .weight_i (weight_data_i),
                .sum_o    (sums)
            );
        end
    endgenerate

    // What a block is, delayed until its sums are there. Bit n of a line is n+1 cycles old.
    reg [MAC_LATENCY-1:0] sum_line_q;
    reg [MAC_LATENCY-1:0] recurrent_line_q;
    reg [MAC_LATENCY-1:0] group_end_line_q;
    reg [MAC_LATENCY-1:0] step_end_line_q;

    always @(posedge clk) begin
        recurrent_line_q <= {recurrent_line_q[MAC_LATENCY-2:0], start_recurrent};
        if (rst) begin
            sum_line_q       <= {MAC_LATENCY{1'b0}};
            group_end_line_q <= {MAC_LATENCY{1'b0}};
            step_end_line_q  <= {MAC_LATENCY{1'b0}};
        end else begin
            sum_line_q       <= {sum_line_q[MAC_LATENCY-2:0], start_sum};
            group_end_line_q <= {group_end_line_q[MAC_LATENCY-2:0], start_group_end};
            step_end_line_q  <= {step_end_line_q[MAC_LATENCY-2:0], start_step_end};
        end
    end

    wire add       = sum_line_q[MAC_LATENCY-1];
    wire recurrent = recurrent_line_q[MAC_LATENCY-1];
    wire closing   = group_end_line_q[MAC_LATENCY-1];  // one cycle before phase 0

    // The last pair has read a step's operands CHAIN cycles after its last block started.
    assign released = step_end_line_q[CHAIN-1];

    // Flags of the step that the group belongs to; a step's flags stay while it is in the array.
    reg [LINE_W-1:0] fresh_line_q;
    reg [LINE_W-1:0] last_line_q;
    reg [PHASES:0]   step_end_late_q;
    reg [PHASES:0]   phase_q;

    always @(posedge clk) begin
        fresh_line_q    <= {fresh_line_q[LINE_W-2:0], start_fresh};
        last_line_q     <= {last_line_q[LINE_W-2:0], start_last};
        step_end_late_q <= {step_end_late_q[PHASES-1:0], step_end_line_q[MAC_LATENCY-1]};
        if (rst) begin
            phase_q <= {(PHASES+1){1'b0}};
        end else begin
            phase_q <= {phase_q[PHASES-1:0], closing};
        end
    end

    assign group_done = phase_q[PHASES];

    // ---- bias: one gate a cycle, starting with `closing` -----------------------------------------
    reg [GROUP_W-1:0] bias_group_q;
    reg [1:0]         bias_gate_q;
    reg               bias_fresh_q;

    localparam integer LAST_GROUP_INT = GROUPS - 1;
    localparam [GROUP_W-1:0] LAST_GROUP = LAST_GROUP_INT[GROUP_W-1:0];
    wire closing_fresh = fresh_line_q[MAC_LATENCY-1];

    always @(posedge clk) begin
        if (closing) begin
            bias_fresh_q <= closing_fresh;
        end
        if (rst) begin
            bias_group_q <= {GROUP_W{1'b0}};
            bias_gate_q  <= 2'd0;
        end else begin
            if (closing | (|bias_gate_q)) begin
                bias_gate_q <= bias_gate_q + 2'd1;
            end
            if (&bias_gate_q) begin
                bias_group_q <= (bias_group_q == LAST_GROUP) ? {GROUP_W{1'b0}} : bias_group_q + 1'b1;
            end
        end
    end

    wire [GROUP_W+2:0] bias_addr = {bias_group_q, closing ? closing_fresh : bias_fresh_q, bias_gate_q};
    assign bias_addr_o = bias_addr[BIAS_ADDR_W-1:0];

    // ---- cell state --------------------------------------------------------------------------
    reg [GROUP_W-1:0] c_read_q;
    reg [GROUP_W-1:0] c_write_q;
    wire [LANES*C_W-1:0] c_old;
    wire [LANES*C_W-1:0] c_new;

    always @(posedge clk) begin
        if (rst) begin
            c_read_q  <= {GROUP_W{1'b0}};
            c_write_q <= {GROUP_W{1'b0}};
        end else begin
            if (phase_q[5+TABLE_REG]) begin
                c_read_q <= (c_read_q == LAST_GROUP) ? {GROUP_W{1'b0}} : c_read_q + 1'b1;
            end
            if (phase_q[10+TABLE_REG]) begin
                c_write_q <= (c_write_q == LAST_GROUP) ? {GROUP_W{1'b0}} : c_write_q + 1'b1;
            end
        end
    end

    lprnn_state_ram #(
        .WIDTH  (LANES*C_W),
        .DEPTH  (GROUPS),
        .ADDR_W (GROUP_W),
        .STYLE  (STATE_STYLE)
    ) u_state (
        .clk          (clk),
        .read_addr_i  (c_read_q),
        .data_o       (c_old),
        .write_i      (phase_q[10+TABLE_REG]),
        .write_addr_i (c_write_q),
        .data_i       (c_new)
    );

    // ---- lanes -------------------------------------------------------------------------------
    wire c_fresh = fresh_line_q[MAC_LATENCY+6+TABLE_REG];  // with phase 6 (+ TABLE_REG)
    wire [LANES*Z_W-1:0] z;

    generate
        for (u = 0; u < LANES; u = u + 1) begin : gen_unit
            wire [4*ACC_W-1:0] acc;

            for (k = 0; k < 4; k = k + 1) begin : gen_gate
                lprnn_accumulator #(
                    .SUM_W   (SUM_W),
                    .ACC_W   (ACC_W),
                    .SHIFT_X (SHIFT_X[k*8 +: 8]),
                    .SHIFT_H (SHIFT_H[k*8 +: 8])
                ) u_accumulator (
                    .clk         (clk),
                    .rst         (rst),
                    .enable_i    (add),
                    .recurrent_i (recurrent),
                    .sum_i       (sums[(4*u+k)*SUM_W +: SUM_W]),
                    .acc_o       (acc[k*ACC_W +: ACC_W])
                );
            end

            lprnn_lane #(
                .ACC_W    (ACC_W),
                .Z_W      (Z_W),
                .Z_SHIFT  (Z_SHIFT),
                .A_FRAC   (A_FRAC),
                .C_W      (C_W),
                .FC_SHIFT (FC_SHIFT),
                .IG_SHIFT (IG_SHIFT),
                .ZC_SHIFT (ZC_SHIFT),
                .H_W      (H_W),
                .H_SHIFT  (H_SHIFT),
                .B_W      (B_W),
                .P_W      (P_W),
                .TABLE_REG  (TABLE_REG),
                .TANH_DELAY (TANH_DELAY),
                .PHASES   (PHASES)
            ) u_lane (
                .clk         (clk),
                .rst         (rst),
                .phase_i     (phase_q[PHASES-1:0]),
                .fresh_i     (c_fresh),
                .acc_i       (acc),
                .bias_i      (bias_data_i[u*ACC_W +: ACC_W]),
                .gate_addr_o (gate_addr_o[u*(Z_W+1) +: Z_W+1]),
                .gate_data_i (gate_data_i[u*A_W +: A_W]),
                .tanh_addr_o (tanh_addr_o[u*Z_W +: Z_W]),
                .tanh_data_i (tanh_data_i[u*A_W +: A_W]),
                .c_i         (c_old[u*C_W +: C_W]),
                .c_o         (c_new[u*C_W +: C_W]),
                .z_o         (z[u*Z_W +: Z_W]),
                .h_o         (h[u*H_W +: H_W])
            );
        end
    endgenerate

    // ---- results out -------------------------------------------------------------------------
    lprnn_output #(
        .LANES         (LANES),
        .H_W           (H_W),
        .ELEMENTS      (OUT_ELEMENTS),
        .ELEMENT_W     (OUT_ELEMENT_W),
        .BEATS         (OUT_BEATS),
        .BEAT_W        (OUT_BEAT_W),
        .LAST_BEATS    (OUT_LAST_BEATS),
        .LAST_ELEMENTS (OUT_LAST),
        .DEPTH_W       (QUEUE_W),
        .STYLE         (QUEUE_STYLE)
    ) u_output (
        .clk        (clk),
        .rst        (rst),
        .push_i     (group_done),
        .h_i        (h),
        .step_end_i (step_end_late_q[PHASES]),
        .last_i     (last_line_q[LINE_W-1]),
        .fresh_i    (fresh_line_q[LINE_W-1]),
        .taken_o    (result_taken),
        .m_valid_o  (m_valid_o),
        .m_ready_i  (m_ready_i),
        .m_data_o   (m_data_o),
        .m_last_o   (m_last_o),
        .m_fresh_o  (m_fresh_o)
    );

`ifdef LPRNN_TRACE
    // z of gates g, i, f, o is there in phases 3, 4, 5, 6.
    reg [15:0] trace_group_q;
    always @(posedge clk) begin
        if (rst) begin
            trace_group_q <= 16'd0;
        end else if (phase_q[6]) begin
            trace_group_q <= (trace_group_q == GROUPS - 1) ? 16'd0 : trace_group_q + 16'd1;
        end
    end
    assign trace_valid_o = |phase_q[6:3];
    assign trace_gate_o  = phase_q[3] ? 2'd2 : phase_q[4] ? 2'd0 : phase_q[5] ? 2'd1 : 2'd3;
    assign trace_group_o = trace_group_q;
    assign trace_z_o     = z;
`endif

endmodule

`default_nettype wire
