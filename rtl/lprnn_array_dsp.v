// lprnn_array_dsp - ROWS dot products over COLUMNS columns per cycle, FIELDS rows to a DSP block.
//
//   operand w  | v[n-1] | sign of v[n-2] ... | v[n-2] | ... | sign of v[0] ... | v[0] |
//                        <----- FIELD_W ------------->       <----- FIELD_W -------->
//   sum p      |  sum of row n-1   | sum + half |   ...   | sum of row 0 + half      |
//
// The rows of a pack share the column's activation. The weight memory holds v = w - borrow, where
// a row borrows 1 when the row below it in the pack is negative: the packed operand is then
// exactly the sum of w * 2^(FIELD_W * row), by wiring alone. Each lower field starts from half its
// range, so that it never borrows from the next; the bias takes the halves back. Column i of a
// chain works one cycle after column i-1. With ODD the weights are odd, never zero: the memory holds
// (w + 2^WEIGHT_W - 1) / 2, and the borrow, which is then the sign of the row below, is taken here.
// Activations arrive in offset binary and are made signed
// by inverting the top bit; the bias takes that offset back, too.
//
// weight_i arrives one cycle after act_i. Latency from act_i: CHAIN + 3 + ceil(log2 CHAINS).

`default_nettype none

module lprnn_array_dsp #(
    parameter ROWS     = 4,   // dot products side by side
    parameter COLUMNS  = 16,  // products of each per cycle
    parameter CHAIN    = 8,   // columns per chain; as many chains as it takes
    parameter FIELDS   = 3,   // rows of a pack
    parameter FIELD_W  = 10,  // bits of a field
    parameter ACT_W    = 4,   // bits of an activation, offset binary
    parameter WEIGHT_W = 4,   // bits of a weight in the memory
    parameter ODD      = 0,   // 1: weights are odd
    parameter W_W      = 25,  // bits of the block's packed operand
    parameter A_W      = 18,  // bits of the block's other operand
    parameter P_W      = 48,  // bits of the block's sum
    parameter SUM_W    = 12   // bits of a row's sum
) (
    input  wire                             clk,
    input  wire [COLUMNS*ACT_W-1:0]         act_i,
    input  wire [ROWS*COLUMNS*WEIGHT_W-1:0] weight_i,
    output wire [ROWS*SUM_W-1:0]            sum_o
);

    localparam V_W    = WEIGHT_W + ((ODD != 0) ? 1 : 0);  // bits of a weight as a number
    localparam [WEIGHT_W:0] TOP_BIT = {1'b1, {WEIGHT_W{1'b0}}} >> 1;
    localparam PACKS  = (ROWS + FIELDS - 1) / FIELDS;
    localparam CHAINS = (COLUMNS + CHAIN - 1) / CHAIN;

    generate
        if ((FIELDS-1)*FIELD_W + V_W > W_W || ACT_W > A_W
                || FIELDS*FIELD_W > P_W || SUM_W != FIELD_W + 1 + $clog2(CHAINS)) begin : gen_param_check
            error_lprnn_array_dsp_illegal_packing u_illegal_parameters ();
        end
    endgenerate

    // Half of every field but the top one, where a chain starts.
    wire [P_W-1:0] halves;
    generate
        if (FIELDS > 1) begin : gen_halves
            assign halves = {{(P_W-(FIELDS-1)*FIELD_W){1'b0}},
                             {(FIELDS-1){1'b1, {(FIELD_W-1){1'b0}}}}};
        end else begin : gen_no_halves
            assign halves = {P_W{1'b0}};
        end
    endgenerate

    // Sums of every row's chains.
    wire [ROWS*CHAINS*SUM_W-1:0] chain_sums;

    genvar c, f, n, q, r;
    generate
        for (q = 0; q < PACKS; q = q + 1) begin : gen_pack
            // The highest real row of the pack; its sign goes on above it.
            localparam TOP = (ROWS - q*FIELDS < FIELDS) ? ROWS - q*FIELDS - 1 : FIELDS - 1;

            for (n = 0; n < CHAINS; n = n + 1) begin : gen_chain
                wire [(CHAIN+1)*P_W-1:0] running;
                assign running[P_W-1:0] = halves;

                for (c = 0; c < CHAIN; c = c + 1) begin : gen_cell
                    localparam S = n*CHAIN + c;
                    if (S < COLUMNS) begin : gen_used
                        // Fields from the top down, each sign-extended to FIELD_W.
                        wire [FIELDS*FIELD_W-1:0] fields;
                        for (f = 0; f < FIELDS; f = f + 1) begin : gen_field
                            if (q*FIELDS + f < ROWS) begin : gen_row
                                wire [WEIGHT_W-1:0] held =
                                    weight_i[((q*FIELDS+f)*COLUMNS + S)*WEIGHT_W +: WEIGHT_W];
                                wire [V_W-1:0] v;
                                case ((ODD == 0) ? 0 : (f == 0) ? 1 : 2)
                                    0: begin : gen_even
                                        assign v = held;
                                    end
                                    1: begin : gen_odd_lowest
                                        assign v = {held ^ TOP_BIT[WEIGHT_W-1:0], 1'b1};
                                    end
                                    default: begin : gen_odd_above
                                        wire positive =
                                            weight_i[((q*FIELDS+f-1)*COLUMNS + S + 1)*WEIGHT_W - 1];
                                        assign v = {held ^ TOP_BIT[WEIGHT_W-1:0], positive};
                                    end
                                endcase
                                assign fields[f*FIELD_W +: FIELD_W] = {{(FIELD_W-V_W){v[V_W-1]}}, v};
                            end else begin : gen_none
                                wire top = weight_i[((q*FIELDS+TOP)*COLUMNS + S + 1)*WEIGHT_W - 1];
                                assign fields[f*FIELD_W +: FIELD_W] = {FIELD_W{(ODD != 0) ? ~top : top}};
                            end
                        end

                        wire [W_W-1:0] packed_w;
                        if (W_W > FIELDS*FIELD_W) begin : gen_extend
                            assign packed_w =
                                {{(W_W-FIELDS*FIELD_W){fields[FIELDS*FIELD_W-1]}}, fields};
                        end else begin : gen_cut
                            assign packed_w = fields[W_W-1:0];
                        end

                        wire [ACT_W-1:0] offset = act_i[S*ACT_W +: ACT_W];
                        reg [ACT_W-1:0]  act_q;
                        always @(posedge clk) act_q <= {~offset[ACT_W-1], offset[ACT_W-2:0]};

                        wire [A_W+ACT_W-1:0] wide = {{A_W{act_q[ACT_W-1]}}, act_q};

                        lprnn_dsp_cell #(
                            .W_W (W_W),
                            .A_W (A_W),
                            .P_W (P_W)
                        ) u_cell (
                            .clk (clk),
                            .w_i (packed_w),
                            .a_i (wide[A_W-1:0]),
                            .c_i (running[c*P_W +: P_W]),
                            .p_o (running[(c+1)*P_W +: P_W])
                        );
                    end else begin : gen_missing
                        reg [P_W-1:0] pass_q;
                        always @(posedge clk) pass_q <= running[c*P_W +: P_W];
                        assign running[(c+1)*P_W +: P_W] = pass_q;
                    end
                end

                for (f = 0; f < FIELDS; f = f + 1) begin : gen_sum
                    if (q*FIELDS + f < ROWS) begin : gen_row
                        wire [FIELD_W-1:0] field = running[CHAIN*P_W + f*FIELD_W +: FIELD_W];
                        assign chain_sums[((q*FIELDS + f)*CHAINS + n)*SUM_W +: SUM_W] =
                            {{(SUM_W-FIELD_W){(f + 1 == FIELDS) ? field[FIELD_W-1] : 1'b0}}, field};
                    end
                end
            end
        end

        for (r = 0; r < ROWS; r = r + 1) begin : gen_row
            lprnn_add_tree #(
                .COUNT (CHAINS),
                .WIDTH (SUM_W)
            ) u_chains (
                .clk      (clk),
                .values_i (chain_sums[r*CHAINS*SUM_W +: CHAINS*SUM_W]),
                .sum_o    (sum_o[r*SUM_W +: SUM_W])
            );
        end
    endgenerate

endmodule

`default_nettype wire
