// lprnn_array_mult - ROWS dot products over COLUMNS columns per cycle on bare multipliers, FIELDS rows
// to a multiplier, the sums beside them.
//
//   operand w  | v[n-1] | sign of v[n-2] ... | v[n-2] | ... | sign of v[0] ... | v[0] |
//                        <----- FIELD_W ------------->       <----- FIELD_W -------->
//   product p  |  product of row n-1   |  product of row 1  |  product of row 0       |
//
// For families whose multiplier comes without an adder (lprnn_array_dsp is for the others). A field
// holds one product, so that more rows fit. The rows of a pack share the column's activation. The
// weight memory holds v = w - borrow, where a row borrows 1 when the row below it in the pack is
// negative: the packed operand is then exactly the sum of w * 2^(FIELD_W * row), by wiring alone. With
// ODD the weights are odd, never zero: the memory holds (w + 2^WEIGHT_W - 1) / 2, and the borrow, which is
// then the sign of the row below, is taken here.
// In the product a negative field borrows from the next in the same way, and its top bit says so:
// it is the carry into the chain that sums up the row above. Column i of a chain works one cycle
// after column i-1. Activations arrive in offset binary and are made signed by inverting the top
// bit; the bias takes that offset back.
//
// weight_i arrives one cycle after act_i. Latency from act_i: CHAIN + 3 + ceil(log2 CHAINS).

`default_nettype none

module lprnn_array_mult #(
    parameter ROWS     = 4,   // dot products side by side
    parameter COLUMNS  = 16,  // products of each per cycle
    parameter CHAIN    = 8,   // columns per chain; as many chains as it takes
    parameter FIELDS   = 3,   // rows of a pack
    parameter FIELD_W  = 7,   // bits of a field
    parameter ACT_W    = 4,   // bits of an activation, offset binary
    parameter WEIGHT_W = 4,   // bits of a weight in the memory
    parameter ODD      = 0,   // 1: weights are odd
    parameter W_W      = 18,  // bits of the multiplier's packed operand
    parameter A_W      = 18,  // bits of its other operand
    parameter SUM_W    = 11   // bits of a row's sum
) (
    input  wire                             clk,
    input  wire [COLUMNS*ACT_W-1:0]         act_i,
    input  wire [ROWS*COLUMNS*WEIGHT_W-1:0] weight_i,
    output wire [ROWS*SUM_W-1:0]            sum_o
);

    localparam PACKS     = (ROWS + FIELDS - 1) / FIELDS;
    localparam CHAINS    = (COLUMNS + CHAIN - 1) / CHAIN;
    localparam V_W       = WEIGHT_W + ((ODD != 0) ? 1 : 0);  // bits of a weight as a number
    localparam [WEIGHT_W:0] TOP_BIT = {1'b1, {WEIGHT_W{1'b0}}} >> 1;
    localparam PRODUCT_W = V_W + ACT_W - 1;  // of a symmetric weight
    localparam CHAIN_W   = PRODUCT_W + $clog2(CHAIN);
    localparam P_W       = W_W + A_W;

    generate
        if ((FIELDS-1)*FIELD_W + V_W > W_W || ACT_W > A_W
                || (FIELDS > 1 && FIELD_W < PRODUCT_W)
                || SUM_W != CHAIN_W + $clog2(CHAINS)) begin : gen_param_check
            error_lprnn_array_mult_illegal_packing u_illegal_parameters ();
        end
    endgenerate

    // Registered operands and products. A column of a chain is a cycle behind the one before.
    wire [PACKS*COLUMNS*P_W-1:0] products;

    // Sums of every row's chains.
    wire [ROWS*CHAINS*SUM_W-1:0] chain_sums;

    genvar c, f, n, q, r, s;
    generate
        for (s = 0; s < COLUMNS; s = s + 1) begin : gen_column
            wire [ACT_W-1:0] offset = act_i[s*ACT_W +: ACT_W];
            reg [ACT_W-1:0]  act_q;
            reg [ACT_W-1:0]  act2_q;
            always @(posedge clk) begin
                act_q  <= {~offset[ACT_W-1], offset[ACT_W-2:0]};
                act2_q <= act_q;
            end
            wire [A_W+ACT_W-1:0]  wide = {{A_W{act2_q[ACT_W-1]}}, act2_q};
            wire signed [A_W-1:0] act  = wide[A_W-1:0];

            for (q = 0; q < PACKS; q = q + 1) begin : gen_pack
                // The highest real row of the pack; its sign goes on above it.
                localparam TOP = (ROWS - q*FIELDS < FIELDS) ? ROWS - q*FIELDS - 1 : FIELDS - 1;

                // Fields from the bottom up, each sign-extended to FIELD_W.
                wire [W_W+FIELDS*FIELD_W-1:0] fields;
                wire [FIELDS:0] positive;  // odd weights, the one below a pack included
                assign positive[0] = 1'b1;
                for (f = 0; f <= TOP; f = f + 1) begin : gen_field
                    reg [WEIGHT_W-1:0] held_q;
                    always @(posedge clk) begin
                        held_q <= weight_i[((q*FIELDS+f)*COLUMNS + s)*WEIGHT_W +: WEIGHT_W];
                    end
                    assign positive[f+1] = held_q[WEIGHT_W-1];
                    wire [V_W-1:0] v;
                    if (ODD != 0) begin : gen_odd
                        assign v = {held_q ^ TOP_BIT[WEIGHT_W-1:0], positive[f]};
                    end else begin : gen_even
                        assign v = held_q;
                    end
                    if (f < TOP) begin : gen_inner
                        assign fields[f*FIELD_W +: FIELD_W] = {{(FIELD_W-V_W){v[V_W-1]}}, v};
                    end else begin : gen_top
                        localparam REST = W_W + (FIELDS-f)*FIELD_W - V_W;
                        assign fields[W_W+FIELDS*FIELD_W-1:f*FIELD_W] = {{REST{v[V_W-1]}}, v};
                    end
                end
                wire signed [W_W-1:0] packed_w = fields[W_W-1:0];

                // Exactly as wide as the product and without a reset, as everywhere.
                reg signed [P_W-1:0] product_q;
                always @(posedge clk) product_q <= packed_w * act;
                assign products[(q*COLUMNS + s)*P_W +: P_W] = product_q;
            end
        end

        for (r = 0; r < ROWS; r = r + 1) begin : gen_row
            localparam FIELD = r % FIELDS;

            for (n = 0; n < CHAINS; n = n + 1) begin : gen_chain
                wire [(CHAIN+1)*CHAIN_W-1:0] running;
                assign running[CHAIN_W-1:0] = {CHAIN_W{1'b0}};

                for (c = 0; c < CHAIN; c = c + 1) begin : gen_cell
                    localparam S = n*CHAIN + c;
                    // Bits that the sum of c+1 products takes.
                    localparam NOW_W = PRODUCT_W + $clog2(c + 1);
                    wire [NOW_W-1:0] so_far = running[c*CHAIN_W +: NOW_W];
                    reg  [NOW_W-1:0] sum_q;

                    if (S < COLUMNS) begin : gen_used
                        wire [P_W-1:0] p = products[((r/FIELDS)*COLUMNS + S)*P_W +: P_W];
                        wire [PRODUCT_W-1:0] field = p[FIELD*FIELD_W +: PRODUCT_W];
                        wire [NOW_W+PRODUCT_W-1:0] addend = {{NOW_W{field[PRODUCT_W-1]}}, field};
                        if (FIELD == 0) begin : gen_low
                            always @(posedge clk) sum_q <= so_far + addend[NOW_W-1:0];
                        end else begin : gen_above
                            // One bit more carries the borrow back in, without an adder of its own.
                            wire [NOW_W:0] carried = {so_far, 1'b1} + {addend[NOW_W-1:0], p[FIELD*FIELD_W-1]};
                            always @(posedge clk) sum_q <= carried[NOW_W:1];
                        end
                    end else begin : gen_missing
                        always @(posedge clk) sum_q <= so_far;
                    end

                    // The sign goes on above, where the next one may be wider.
                    wire [CHAIN_W+NOW_W-1:0] extended = {{CHAIN_W{sum_q[NOW_W-1]}}, sum_q};
                    assign running[(c+1)*CHAIN_W +: CHAIN_W] = extended[CHAIN_W-1:0];
                end

                wire [SUM_W+CHAIN_W-1:0] total =
                    {{SUM_W{running[(CHAIN+1)*CHAIN_W-1]}}, running[CHAIN*CHAIN_W +: CHAIN_W]};
                assign chain_sums[(r*CHAINS + n)*SUM_W +: SUM_W] = total[SUM_W-1:0];
            end

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
